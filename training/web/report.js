// The error browser: dev pages line by line, with filters.
"use strict";
const NAMES = { C: "content", N: "navigation", A: "ad", F: "comment_form", M: "about", U: "visitor" };
const SHOWN = { ...NAMES, M: "about the text", U: "visitors’ words" };
const AROUND = 2, STEP = 10;
const $ = (id) => document.getElementById(id);
const pages = JSON.parse($("pages").textContent);
let shown = STEP;

function scored(page, i) { return "CNAF".includes(page.true[i]); }
function wrong(page, i) { return scored(page, i) && page.true[i] !== page.said[i]; }

function fill(id, first, values) {
  $(id).replaceChildren(...[["", first], ...values].map(([value, text]) => new Option(text, value)));
}

const kinds = new Map();
for (const page of pages) {
  for (let i = 0; i < page.lines.length; i++) {
    if (wrong(page, i)) kinds.set(page.true[i] + page.said[i], (kinds.get(page.true[i] + page.said[i]) || 0) + 1);
  }
}
const sorted = [...kinds].sort((a, b) => b[1] - a[1]);
fill("kind", "all errors", [["all", "all lines"], ...sorted.map(([k, n]) => [k, `${NAMES[k[0]]} taken for ${NAMES[k[1]]} (${n})`])]);
for (const key of ["lang", "source"]) {
  const values = [...new Set(pages.map((page) => page[key]))].sort();
  fill(key, "all", values.map((value) => [value, value || "unknown"]));
}

function matches(page, i) {
  const kind = $("kind").value, sure = page.sure[i] * 100;
  if (page.said[i] === "-" || sure < $("least").value || sure > $("most").value) return false;
  if (kind === "all") return true;
  return wrong(page, i) && (!kind || page.true[i] + page.said[i] === kind);
}

function span(kind, text) {
  const made = document.createElement("span");
  made.className = kind;
  made.textContent = text;
  return made;
}

function line(page, i, own) {
  const item = document.createElement("li");
  item.className = !own ? "other" : wrong(page, i) ? "error" : "";
  const truth = page.true[i], said = page.said[i];
  const text = span("text", page.lines[i]);
  text.dir = "auto";
  item.append(span("number", String(i + 1)), span("chip " + (NAMES[truth] || ""), SHOWN[truth] || "–"),
    said === "-" ? span("", "") : span("chip " + NAMES[said], `${NAMES[said]} ${Math.round(page.sure[i] * 100)} %`), text);
  return item;
}

function draw() {
  const wanted = pages.filter((page) => (!$("lang").value || page.lang === $("lang").value) && (!$("source").value || page.source === $("source").value));
  const found = wanted.map((page) => [page, [...page.true].map((_, i) => i).filter((i) => matches(page, i))])
    .filter(([, hits]) => hits.length).sort((a, b) => b[1].length - a[1].length);
  const total = found.reduce((n, [, hits]) => n + hits.length, 0);
  $("count").textContent = `${total} lines on ${found.length} pages; for each line its true label, then what noiseclf says.`;
  $("browser").replaceChildren(...found.slice(0, shown).map(([page, hits]) => {
    const article = document.createElement("article"), title = document.createElement("h3"), list = document.createElement("ol");
    title.textContent = `${page.id} · ${page.lang} · ${page.source} · ${hits.length} lines`;
    const own = new Set(hits);
    const near = new Set(hits.flatMap((i) => Array.from({ length: $("context").checked ? 2 * AROUND + 1 : 1 },
      (_, k) => i + k - ($("context").checked ? AROUND : 0))));
    let last = -1;
    for (let i = 0; i < page.lines.length; i++) {
      if (!near.has(i)) continue;
      if (i > last + 1) { const gap = document.createElement("li"); gap.className = "gap"; gap.textContent = "⋯"; list.append(gap); }
      list.append(line(page, i, own.has(i)));
      last = i;
    }
    article.append(title, list);
    return article;
  }));
  $("more").hidden = found.length <= shown;
}

$("filters").addEventListener("input", () => { shown = STEP; draw(); });
$("filters").addEventListener("submit", (event) => event.preventDefault());
$("more").addEventListener("click", () => { shown += STEP; draw(); });
draw();

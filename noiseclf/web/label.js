// The labelling page: keys and drags become changes; each is sent at once, in order, and counts as saved when answered.
"use strict";

const KINDS = {
  C: ["content", "content"], N: ["navigation", "navigation"], A: ["ad", "ad"], F: ["comment_form", "form"],
  M: ["about", "about the text"], U: ["visitor", "visitors’ words"],
};
const NONE = "?", KEEP = ".";
const REMEMBERED = "noiseclf-annotator" + location.pathname; // as long as this server runs
const $ = (id) => document.getElementById(id);
const list = $("lines");

let pages = []; // of the state, in the order they came
let page = null; // the open one: id, lines, codes, guesses, confidence, others
let rows = []; // its list items
let cursor = 0, anchor = 0;
let seen = 0; // the number of the last change that the server told of
let counted = 0; // the number of the last change that is in the counts of pages
let asked = 0; // how many pages were asked for; an answer to all but the last comes too late
let opening = false;
const held = []; // keys pressed meanwhile, which are meant for the page to come
const queue = []; // changes not answered yet
let sending = false, lost = false, asking = false;
let annotator = "";

async function call(path, body) {
  const options = body === undefined ? {} : {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ annotator, seen, ...body }),
  };
  const answer = await fetch(path, options);
  const value = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(value.error), { refused: true });
  return value;
}

function query(values) {
  return "?" + new URLSearchParams({ annotator, ...values });
}

// Start and pages

async function start() {
  try {
    annotator = localStorage.getItem(REMEMBERED) || (await call("api/state")).annotator;
    $("annotator").value = annotator;
    await refresh();
    const wanted = decodeURIComponent(location.hash.slice(1));
    const first = pages.find((p) => p.id === wanted) || pages.find((p) => p.given < p.lines) || pages[0];
    if (first) await open(first.id);
    else note("No page to label: name some after 'noiseclf label'.", true);
  } catch (error) { fail(error); }
}

async function refresh() {
  const whose = annotator;
  const state = await call("api/state" + query({}));
  if (whose !== annotator || state.seen < counted) return; // a later answer has come
  counted = state.seen;
  pages = state.pages;
  if (!page) seen = state.seen; // else news of the open page could be passed over
  agreement(state.agreement);
  training(state.training);
  drawPages();
  count(); // its own changes on their way are not in the state
}

// Opens a page; keys pressed before it has come are held back for it.
async function open(id) {
  const number = ++asked;
  opening = true;
  list.focus();
  try {
    const found = await call("api/page" + query({ id }));
    if (number !== asked) return;
    opening = false;
    show(found);
  } catch (error) {
    if (number !== asked) return;
    opening = false;
    held.length = 0;
    throw error;
  }
  while (held.length && !opening) held.shift()();
}

function show(found) {
  const id = found.id;
  page = found;
  page.codes = [...page.codes];
  seen = Math.min(seen, page.seen); // what was told of it while it was on its way is told again
  history.replaceState(null, "", "#" + encodeURIComponent(id));
  $("page-name").textContent = page.name;
  list.replaceChildren(...page.lines.map(row));
  rows = [...list.children];
  page.codes.forEach((_, i) => paint(i));
  for (const change of queue) put(change, true); // still on their way
  list.scrollTop = 0;
  const unlabelled = page.codes.findIndex((code, i) => code === NONE && page.guesses[i] !== NONE);
  move(Math.max(unlabelled, 0), false);
  drawPages();
  count();
  if (!queue.length && !lost) note("All changes saved");
}

function turn(step) {
  const at = pages.findIndex((p) => page && p.id === page.id) + step;
  if (pages[at]) open(pages[at].id).catch(fail);
}

function drawPages() {
  const box = $("pages"), focused = document.activeElement;
  const known = new Map([...box.children].map((item) => [item.dataset.page, item]));
  const items = pages.map((p) => known.get(p.id) || pageItem(p));
  pages.forEach((p, i) => {
    const button = items[i].firstChild;
    button.setAttribute("aria-current", String(Boolean(page && p.id === page.id)));
    button.lastChild.textContent = facts(p);
  });
  if (items.length !== box.children.length || items.some((item, i) => item !== box.children[i])) {
    box.replaceChildren(...items);
    if (box.contains(focused)) focused.focus(); // it was lost when its place was
  }
  drawProgress();
}

function pageItem(p) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(span("name", p.name, true), span("soft", ""));
  button.addEventListener("click", () => open(p.id).catch(fail));
  const item = document.createElement("li");
  item.dataset.page = p.id;
  item.append(button);
  return item;
}

function facts(p) {
  return `${p.given} of ${p.lines} lines · doubt ${percent(p.doubt)}`;
}

function drawProgress() {
  const given = pages.reduce((n, p) => n + p.given, 0), all = pages.reduce((n, p) => n + p.lines, 0);
  const done = pages.filter((p) => p.given >= p.lines).length;
  $("pages-count").textContent = `${done} of ${pages.length} done`;
  $("progress").max = all || 1;
  $("progress").value = given;
  $("progress-text").textContent = `${given} of ${all} lines labelled`;
  if (!page) return;
  const own = pages.find((p) => p.id === page.id);
  if (own) $("page-facts").textContent = `${own.given} of ${own.lines} lines labelled`;
}

function count() {
  const own = page && pages.find((p) => p.id === page.id);
  if (!own) return;
  own.given = page.codes.filter((code) => code !== NONE).length;
  $("pages").children[pages.indexOf(own)].querySelector(".soft").textContent = facts(own);
  drawProgress();
}

// Lines

function row(text, i) {
  const item = document.createElement("li");
  item.id = "line-" + i;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", "false");
  item.append(span("number", String(i + 1)), span("chip", ""), span("text", visible(text), true));
  return item;
}

function paint(i, pending = false) {
  const item = rows[i], code = page.codes[i], guess = page.guesses[i];
  const chip = item.children[1], shown = code === NONE ? guess : code;
  item.className = "";
  if (shown === NONE) {
    item.classList.add("blank");
    chip.textContent = "";
  } else {
    item.classList.add(KINDS[shown][0], code === NONE ? "guess" : "given");
    chip.textContent = code === NONE ? `${KINDS[shown][1]}? ${percent(page.confidence[i])}` : KINDS[shown][1];
  }
  item.classList.toggle("pending", pending);
  item.classList.toggle("cursor", i === cursor);
  const other = page.others[i];
  item.querySelector(".differs")?.remove();
  if (other) item.children[2].append(" ", span("differs", "≠ " + other));
}

function move(to, extend) {
  if (!rows.length) return;
  const old = [Math.min(cursor, anchor), Math.max(cursor, anchor)];
  rows[cursor]?.classList.remove("cursor");
  cursor = Math.min(Math.max(to, 0), rows.length - 1);
  if (!extend) anchor = cursor;
  const [first, last] = selected();
  for (let i = old[0]; i <= old[1]; i++) rows[i]?.setAttribute("aria-selected", "false");
  for (let i = first; i <= last; i++) rows[i].setAttribute("aria-selected", "true");
  rows[cursor].classList.add("cursor");
  rows[cursor].scrollIntoView({ block: "nearest" });
  list.setAttribute("aria-activedescendant", rows[cursor].id);
}

function step(by, extend) {
  let to = cursor + by;
  while (rows[to] && page.guesses[to] === NONE && !extend) to += Math.sign(by); // over blank lines
  move(rows[to] ? to : cursor + by, extend);
}

function selected() {
  return [Math.min(cursor, anchor), Math.max(cursor, anchor)];
}

// Changes

function label(code) {
  const [first, last] = selected();
  const codes = [];
  for (let i = first; i <= last; i++) codes.push(page.guesses[i] === NONE ? KEEP : code === "guess" ? page.guesses[i] : code);
  if (codes.every((c) => c === KEEP)) return;
  change(first, codes.join(""), code === "guess" ? "guess taken" : code === NONE ? "label taken away" : KINDS[code][1]);
  move(last, false);
  if (last + 1 < rows.length) step(1, false);
}

function rest() {
  const codes = page.codes.map((code, i) => (code === NONE ? page.guesses[i] : KEEP)).map((c) => (c === NONE ? KEEP : c));
  if (codes.some((c) => c !== KEEP)) change(0, codes.join(""), "guess taken for the rest");
}

function change(start, codes, said) {
  const made = { annotator, page: page.id, start, codes, said };
  put(made, true);
  count();
  queue.push(made);
  send();
}

function put(made, pending = false) {
  if (made.undo || !page || made.page !== page.id || made.annotator !== annotator) return;
  [...made.codes].forEach((code, k) => {
    if (code === KEEP) return;
    page.codes[made.start + k] = code;
    paint(made.start + k, pending);
  });
}

function undo() {
  queue.push({ undo: true, annotator, page: page.id, said: "undone" });
  send();
}

async function send() {
  if (sending) return;
  sending = true;
  while (queue.length) {
    note("Saving…");
    const next = queue[0];
    try {
      const answer = next.undo ? await call("api/undo", { annotator: next.annotator }) : await call("api/label", next);
      queue.shift();
      take(answer);
      settle(next);
      const lines = next.undo ? 0 : [...next.codes].filter((c) => c !== KEEP).length;
      const where = next.undo ? (answer.done ? "Undone" : "Nothing to undo") : `${lines} ${lines === 1 ? "line" : "lines"}: ${next.said}`;
      say(`${where}. Saved.`);
      if (answer.done && next.undo && answer.done.page !== page.id) await open(answer.done.page);
      lost = false;
    } catch (error) {
      if (error.refused) queue.length = 0;
      fail(error);
      if (error.refused && page) await open(page.id).catch(fail);
      break;
    }
  }
  sending = false;
  if (!queue.length && !lost) note("All changes saved");
}

function settle(made) {
  if (made.undo || !page || made.page !== page.id || made.annotator !== annotator) return;
  for (let i = made.start; i < made.start + made.codes.length; i++) rows[i].classList.remove("pending");
}

// What the server tells: this tab's own changes, and those of other tabs. Answers may overtake each other: what does not
// go on from what is known here is left to the next time.
function take(news) {
  training(news.training);
  if (news.annotator !== annotator || news.since > seen || news.seen < seen) return;
  let elsewhere = false; // a change of a page that is not open
  for (const made of news.changes) {
    if (page && made.page === page.id) put(made);
    else elsewhere = true;
  }
  for (const waiting of queue) put(waiting, true);
  seen = news.seen;
  agreement(news.agreement);
  if (news.changes.length) count();
  if (elsewhere) refresh().catch(fail);
}

async function poll() {
  if (asking || sending || document.hidden || !annotator) return;
  asking = true;
  try {
    if (queue.length) await send();
    else {
      take(await call("api/news" + query({ seen })));
      if (lost) { lost = false; note("All changes saved"); }
    }
  } catch (error) { fail(error); }
  asking = false;
}

// Words around it

function agreement(found) {
  $("agreement").textContent = found.filter((a) => a.lines).map((a) => {
    const kappa = a.kappa === null ? "undefined" : a.kappa.toFixed(2);
    return `With ${a.second}: ${a.same} of ${a.lines} shared lines alike, Cohen’s κ ${kappa}`;
  }).join(" · ");
}

let trained = "";
function training(now) {
  $("retrain").disabled = now.state === "running";
  let text = "";
  if (now.state === "running") text = "Retraining… you can go on labelling.";
  if (now.state === "failed") text = "Retraining failed: " + now.message;
  if (now.state === "done") {
    const { own, rehearsal, share } = now.report;
    const number = (value) => (value === null ? "–" : value.toFixed(3));
    const gain = (name, part) => `${name} (${part.pages}): content F1 ${number(part.before.content_line_f1)} → ` +
      `${number(part.after.content_line_f1)}, macro-F1 ${number(part.before.macro_f1)} → ${number(part.after.macro_f1)}.`;
    text = [share ? "Retrained." : "Retrained: no gain on your pages yet, so the model stays as it was. Label more.",
      gain("Your pages, each judged by a model that did not learn from it", own), gain("noiseclf’s own pages", rehearsal),
      `Guesses now come from ${now.model}.`].join(" ");
  }
  if ($("training").textContent !== text) $("training").textContent = text;
  if (now.state === "done" && trained === "running") {
    refresh().then(() => page && open(page.id)).catch(fail);
  }
  trained = now.state;
}

$("retrain").addEventListener("click", async () => {
  try { take(await call("api/train", {})); } catch (error) { $("training").textContent = error.message; }
});

function note(text, failed = false) {
  $("saved").textContent = text;
  $("saved").classList.toggle("failed", failed);
}

function fail(error) {
  lost = true;
  const waiting = queue.length ? `${queue.length} ${queue.length === 1 ? "change is" : "changes are"} NOT saved. ` : "";
  note(error.refused ? `Not saved: ${error.message}` : `${waiting}The server does not answer: start 'noiseclf label' again and open its new address.`, true);
  if (!error.refused && !(error instanceof TypeError)) throw error;
}

function say(text) {
  $("spoken").textContent = text;
}

function span(kind, text, auto = false) {
  const made = document.createElement("span");
  made.className = kind;
  made.textContent = text;
  if (auto) made.dir = "auto";
  return made;
}

function visible(text) { // what would break the line or turn its direction is shown instead
  return text.replace(/\r$/, "").replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (c) => (c === "\t" ? " " : "\ufffd"));
}

function percent(share) {
  return Math.round(share * 100) + " %";
}

// Keys, mouse

const FAR = 20;
const KEYS = {
  c: () => label("C"), n: () => label("N"), a: () => label("A"), f: () => label("F"), m: () => label("M"), u: () => label("U"),
  x: () => label(NONE), Delete: () => label(NONE), Backspace: () => label(NONE),
  Enter: () => label("guess"), g: () => label("guess"), G: rest, z: undo, Z: undo,
  w: doubtful, "[": () => turn(-1), "]": () => turn(1), "?": () => $("guidelines").showModal(),
  ArrowDown: (shift) => step(1, shift), ArrowUp: (shift) => step(-1, shift),
  j: () => step(1, false), k: () => step(-1, false), J: () => step(1, true), K: () => step(-1, true),
  Home: (shift) => move(0, shift), End: (shift) => move(rows.length - 1, shift),
  PageDown: (shift) => move(cursor + FAR, shift), PageUp: (shift) => move(cursor - FAR, shift),
};

function doubtful() {
  let best = -1;
  page.codes.forEach((code, i) => {
    if (code === NONE && page.guesses[i] !== NONE && (best < 0 || page.confidence[i] < page.confidence[best])) best = i;
  });
  if (best >= 0) move(best, false);
  else say("Every line of this page is labelled.");
}

document.addEventListener("keydown", (event) => {
  if (!(page || opening) || $("guidelines").open || event.altKey || ["INPUT", "BUTTON", "SUMMARY"].includes(event.target.tagName)) return;
  const plain = !event.ctrlKey && !event.metaKey;
  if (!plain) {
    if (event.code === "KeyZ") press(undo);
    else if (event.code === "KeyA") press(() => { anchor = 0; move(rows.length - 1, true); });
    else return;
    event.preventDefault();
    return;
  }
  let key = event.key;
  if (key.length === 1 && !(key in KEYS)) { // other keyboard layouts: the key's place
    const letter = event.code.startsWith("Key") ? event.code[3] : "";
    key = event.shiftKey && ["G", "J", "K", "Z"].includes(letter) ? letter : letter.toLowerCase();
  }
  if (!(key in KEYS)) return;
  event.preventDefault();
  press(() => KEYS[key](event.shiftKey));
});

function press(act) {
  if (opening) held.push(act);
  else act();
}

$("tools").addEventListener("click", (event) => {
  const key = event.target.closest("button")?.dataset.key;
  if (key && page) { press(() => KEYS[key](false)); list.focus(); }
});
$("help").addEventListener("click", () => $("guidelines").showModal());

let dragging = false;
const lineOf = (target) => rows.indexOf(target.closest?.("li"));
list.addEventListener("pointerdown", (event) => {
  const i = lineOf(event.target);
  if (i < 0 || event.button) return;
  dragging = event.pointerType === "mouse";
  move(i, event.shiftKey);
});
list.addEventListener("pointermove", (event) => {
  if (!dragging) return;
  const i = lineOf(document.elementFromPoint(event.clientX, event.clientY) || list);
  if (i >= 0 && i !== cursor) move(i, true);
});
addEventListener("pointerup", () => { dragging = false; });

$("annotator").addEventListener("change", async () => {
  annotator = $("annotator").value.trim() || annotator;
  counted = 0;
  $("annotator").value = annotator;
  localStorage.setItem(REMEMBERED, annotator);
  try {
    await refresh();
    if (page) await open(page.id);
  } catch (error) { fail(error); }
});
addEventListener("beforeunload", (event) => { if (queue.length) event.preventDefault(); });
document.addEventListener("visibilitychange", poll);
setInterval(poll, 2000);
if (matchMedia("(max-width: 760px)").matches) $("pages-box").open = false;
start();

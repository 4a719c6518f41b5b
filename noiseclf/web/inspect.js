"use strict";
const boxes = [...document.querySelectorAll("#filters input[type=checkbox]")];
const surest = document.getElementById("surest");
const items = [...document.querySelectorAll("li[data-label]")];
const details = items.map((item) => item.querySelector("details"));

function filter() {
  const labels = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
  document.getElementById("bound").textContent = surest.value + " %";
  let shown = 0;
  for (const item of items) {
    item.hidden = !labels.has(item.dataset.label) || item.dataset.sure * 100 > surest.value;
    shown += !item.hidden;
  }
  document.getElementById("shown").textContent = `${shown} of ${items.length} lines shown`;
}

document.getElementById("filters").addEventListener("input", filter);
document.getElementById("all").addEventListener("click", (event) => {
  const open = details.some((d) => !d.open);
  for (const d of details) d.open = open;
  event.target.textContent = open ? "Close all" : "Open all";
});
filter();

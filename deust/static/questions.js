/* Help to fill a question: put items in order with two buttons, count the words of a text. The fields stay those of
   the form: what is done here arrives in them as a change, so that a page posts or saves it like any other. */

const sentences = document.querySelector("[data-field-words]")?.dataset;

function words(name, values = {}) {
  return sentences[`text${name}`].replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
}

function make(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}

function changed(field) {
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

/* Order: a place already taken is exchanged, and buttons move an item by one place. */

function makeOrdering(list) {
  const rows = [...list.querySelectorAll(".place")];
  const status = list.appendChild(make("p", { className: "hidden", role: "status" }));
  const placeOf = (row) => row.querySelector("select");
  let before = new Map();

  function remember() {
    before = new Map(rows.map((row) => [row, placeOf(row).value]));
  }

  function exchange({ target }) {
    const row = target.closest(".place");
    const other = rows.find((one) => one !== row && target.value && placeOf(one).value === target.value);
    if (other) placeOf(other).value = before.get(row);
    remember();
  }

  function giveMissingPlaces() {
    const taken = new Set(rows.map((row) => placeOf(row).value));
    const free = rows.map((_, index) => String(index + 1)).filter((place) => !taken.has(place));
    for (const row of list.querySelectorAll(".place")) placeOf(row).value ||= free.shift();
  }

  function move(row, step, button) {
    giveMissingPlaces();
    const place = Number(placeOf(row).value) + step;
    const other = rows.find((one) => Number(placeOf(one).value) === place);
    if (other) {
      placeOf(other).value = String(place - step);
      placeOf(row).value = String(place);
    }
    remember();
    rows.sort((one, next) => placeOf(one).value - placeOf(next).value).forEach((one) => status.before(one));
    button.focus();
    status.textContent = words("Placed", { item: row.querySelector("label").textContent.trim(), place: placeOf(row).value });
    changed(placeOf(row));
  }

  for (const row of rows) {
    const item = row.querySelector("label").textContent.trim();
    const acts = row.appendChild(make("span", { className: "moves" }));
    for (const [name, step] of [["Up", -1], ["Down", 1]]) {
      const button = acts.appendChild(make("button", { type: "button", textContent: words(name) }));
      button.append(make("span", { className: "hidden", textContent: ` : ${item}` }));
      button.addEventListener("click", () => move(row, step, button));
    }
  }
  list.addEventListener("change", exchange);
  list.closest("[data-question]")?.addEventListener("filled", remember);
  remember();
}

/* Words of a text, counted as the server counts them. */

function countWords(place) {
  const text = document.getElementById(place.dataset.words);
  const show = () => {
    const n = text.value.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
    place.textContent = ` ${words(n > 1 ? "WordsMany" : "WordsOne", { n })}`;
  };
  text.addEventListener("input", show);
  text.closest("[data-question]")?.addEventListener("filled", show);
  show();
}

document.querySelectorAll("[data-ordering]").forEach(makeOrdering);
document.querySelectorAll("[data-words]").forEach(countWords);

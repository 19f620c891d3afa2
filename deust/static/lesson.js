// Tells the server where the reader is, so that « Reprendre » opens there, on another device too. Trying one check posts
// the page: what is typed in the others comes back with the next one.
const PAUSE = 15_000;
const article = document.querySelector("[data-place]");
const token = document.querySelector('meta[name="csrf-token"]').content;
const headings = [...article.querySelectorAll(".prose h2[id]")];
const end = article.querySelector(".lesson-end");
let place = "";
let permille = 0;
let sent = "";
let timer = 0;
const openedAt = Date.now();

function look() {
  const middle = innerHeight / 2;
  const passed = headings.filter((heading) => heading.getBoundingClientRect().top < middle);
  const { top, height } = article.getBoundingClientRect();
  place = passed.at(-1)?.id ?? "";
  const read = Math.round((1000 * (innerHeight - top)) / height);
  permille = Math.max(permille, end.getBoundingClientRect().top < innerHeight ? 1000 : Math.min(Math.max(read, 0), 999));
  for (const link of document.querySelectorAll(".outline a")) {
    if (place && link.hash === `#${place}`) link.setAttribute("aria-current", "location");
    else link.removeAttribute("aria-current");
  }
  timer ||= setTimeout(send, PAUSE);
}

function send() {
  clearTimeout(timer);
  timer = 0;
  const body = JSON.stringify({ place, permille });
  if (body === sent || Date.now() - openedAt < 10_000) return;
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
  fetch(article.dataset.place, { method: "POST", keepalive: true, headers, body })
    .then((answer) => { if (answer.ok) sent = body; })
    .catch(() => {});
}

const paper = document.getElementById("checks");
const key = `checks ${article.dataset.reader} ${article.dataset.place}`;
let tried = null;

/** The Enter key presses the form's first button: it tries the check that it is pressed in. */
paper?.elements.enter?.addEventListener("click", (event) => {
  event.preventDefault();
  document.activeElement.closest(".check").querySelector(".try > button").click();
});

/** What is typed in checks that are not tried waits here, and is not sent. */
paper?.addEventListener("submit", (event) => { tried = event.submitter.closest(".check"); });
paper?.addEventListener("formdata", ({ formData }) => {
  const own = new Set([...paper.elements].filter((control) => control.type === "hidden" || tried?.contains(control)).map((control) => control.name));
  const typed = [...formData].filter(([name]) => !own.has(name));
  for (const [name] of typed) formData.delete(name);
  sessionStorage.setItem(key, JSON.stringify({ id: tried?.querySelector("h3").id, typed }));
});

function restore() {
  const { id, typed } = JSON.parse(sessionStorage.getItem(key) ?? "{}");
  sessionStorage.removeItem(key);
  for (const control of typed ? paper.elements : []) {
    const { name, type, value } = control;
    if (!name || type === "hidden" || type === "submit" || control.closest(".check").querySelector("h3").id === id) continue;
    const values = typed.filter((one) => one[0] === name).map((one) => one[1]);
    if (type === "radio" || type === "checkbox") control.checked = values.includes(value);
    else control.value = values[0] ?? "";
  }
}

restore();

const observer = new IntersectionObserver(look, { threshold: [0, 1] });
for (const mark of [...headings, end]) observer.observe(mark);
addEventListener("visibilitychange", () => { if (document.hidden) { look(); send(); } });

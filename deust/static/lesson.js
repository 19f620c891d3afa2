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

const checks = [...article.querySelectorAll(".check form")];
const typed = `checks ${article.dataset.reader} ${article.dataset.place}`;
const entries = (form) => [...new FormData(form)].filter(([name, value]) => name !== "csrf_token" && typeof value === "string");

function restore() {
  const kept = JSON.parse(sessionStorage.getItem(typed) ?? "{}");
  sessionStorage.removeItem(typed);
  for (const form of checks) {
    const values = kept[form.action];
    for (const control of values ? form.elements : []) {
      const { name, value } = control;
      if (control.type === "radio" || control.type === "checkbox") control.checked = values.some((one) => one[0] === name && one[1] === value);
      else if (control.type !== "hidden" && values.some((one) => one[0] === name)) control.value = values.splice(values.findIndex((one) => one[0] === name), 1)[0][1];
    }
  }
}

for (const tried of checks) {
  tried.addEventListener("submit", () => {
    const others = checks.filter((form) => form !== tried).map((form) => [form.action, entries(form)]);
    sessionStorage.setItem(typed, JSON.stringify(Object.fromEntries(others)));
  });
}
restore();

const observer = new IntersectionObserver(look, { threshold: [0, 1] });
for (const mark of [...headings, end]) observer.observe(mark);
addEventListener("visibilitychange", () => { if (document.hidden) { look(); send(); } });

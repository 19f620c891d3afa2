// Keeps what is being written, on the device at once and on the server after each pause; sending the form goes on without it.
const PAUSE = 1_500;
const SENT = "message-sent";
const form = document.querySelector("form[data-draft]");

const remember = (store, key, value) => {
  try {
    if (value === null) store.removeItem(key);
    else store.setItem(key, value);
  } catch { /* a full or refused store leaves the server's copy */ }
};

if (new URLSearchParams(location.search).get("fait") === "envoi") {
  const sent = sessionStorage.getItem(SENT);
  if (sent) remember(localStorage, sent, null);
  remember(sessionStorage, SENT, null);
}

// What the page shows is read once it is looked at; without script, the form's button says so.
const unread = document.querySelector("form[data-read]");

const noteRead = async () => {
  if (!unread || unread.hidden || document.hidden) return;
  try {
    const headers = { Accept: "application/json" };
    const answer = await fetch(unread.action, { method: "POST", body: new FormData(unread), headers });
    unread.hidden = answer.ok;
  } catch { /* the button stays */ }
};

noteRead();
addEventListener("visibilitychange", noteRead);

if (form) {
  const area = form.elements.text;
  const place = form.querySelector("[data-saved]");
  const said = place.querySelector("span");
  const asked = new URLSearchParams(location.search);
  const subject = ["ref", "question"].map((name) => asked.get(name) ?? "").join("/") + (asked.get("sur") === "note" ? "!" : "");
  const key = `message-${form.dataset.draft}-${location.pathname}-${subject}`;
  let kept = area.value;
  let timer = 0;
  let asking = null;

  const keep = async () => {
    clearTimeout(timer);
    const text = area.value;
    if (text === kept) return;
    const body = new FormData(form);
    body.set("go", "draft");
    asking?.abort();
    asking = new AbortController();
    try {
      const headers = { Accept: "application/json" };
      const answer = await fetch(form.action, { method: "POST", body, headers, keepalive: true, signal: asking.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      said.textContent = (await answer.json()).saved;
      kept = text;
      if (area.value === text) remember(localStorage, key, null);
    } catch (error) {
      if (error.name === "AbortError") return;
      said.textContent = place.dataset.textFailed;
      timer = setTimeout(keep, 4 * PAUSE);
    }
  };

  const onDevice = localStorage.getItem(key);
  if (onDevice && onDevice !== area.value) {
    area.value = onDevice;
    timer = setTimeout(keep, PAUSE);
  }
  area.addEventListener("input", () => {
    remember(localStorage, key, area.value);
    clearTimeout(timer);
    timer = setTimeout(keep, PAUSE);
  });
  addEventListener("visibilitychange", () => {
    if (document.hidden) keep();
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    asking?.abort();
    kept = area.value;
    remember(sessionStorage, SENT, key);
  });
}

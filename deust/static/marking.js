// Keeps a marker's work as it is typed, on the device then on the server; the keyboard chooses levels; the next copy is ready.
if (!HTMLFormElement.prototype.requestSubmit) throw new Error("This browser posts the form by itself.");

const PAUSE = 1_200;
const RETRY = 5_000;
let form, copy, key, timer = 0, isSending = false, isDirty = false, isStopped = false, isSignedOut = false, next = null, voice = null, speaker = null;

const state = () => document.querySelectorAll("[data-saved]");
const dialog = () => document.getElementById("sign-in");
const field = (name) => form.elements.namedItem(name);

function say(text, isWaiting) {
  for (const place of state()) {
    place.querySelector("span").textContent = text;
    place.classList.toggle("offline", isWaiting);
  }
}

function open() {
  form = document.getElementById("marking");
  copy = document.querySelector("[data-copy]");
  key = `marking-${copy.dataset.person}-${copy.dataset.copy}`;
  isDirty = isStopped = false;
  voice = speaker = null;
  restore();
  draw();
  showKeys();
  openVoice();
  form.querySelector(".lacks input, .invalid [aria-invalid]")?.focus();
  next = copy.dataset.next ? fetch(copy.dataset.next).then((answer) => (answer.ok ? answer.text() : null), () => null) : null;
}

/** Players and the microphone are drawn where the page has some and they are not yet. */
function draw() {
  document.dispatchEvent(new Event("arrived"));
}

const panel = () => document.querySelector("[data-voice-panel]");

/** The spoken comment asks for its scripts when its panel opens, or when this device holds one that is not kept. */
async function openVoice() {
  if (localStorage.getItem(`${key}-voice`)) panel().open = true;
  if (!panel().open) return null;
  voice ??= import(copy.dataset.commentScript).then(({ speak }) => speak({ copy, key, field, alone, take, draw }), () => null);
  const asked = voice, made = await asked;
  if (asked === voice) speaker = made;
  return made;
}

function typed() {
  const values = new FormData(form);
  values.delete("csrf_token");
  values.delete("go");
  values.delete("voice");
  return [...values].filter(([, value]) => typeof value === "string");
}

function keep() {
  try {
    localStorage.setItem(key, JSON.stringify(typed()));
  } catch { /* a full or refused store leaves the server's copy */ }
}

function restore() {
  const kept = localStorage.getItem(key);
  if (!kept) return;
  const entries = JSON.parse(kept);
  if (entries.find(([name]) => name === "version")?.[1] !== field("version").value) {
    localStorage.removeItem(key);
    return;
  }
  for (const [name, value] of entries) {
    for (const control of form.elements) {
      if (control.name !== name || control.type === "hidden") continue;
      if (control.type === "radio" || control.type === "checkbox") control.checked = control.value === value || control.checked;
      else control.value = value;
    }
  }
  say(copy.dataset.textRestored, true);
  changed();
}

function changed() {
  isDirty = true;
  keep();
  clearTimeout(timer);
  timer = setTimeout(send, PAUSE);
}

async function send() {
  if (isSending || isStopped || isSignedOut || !isDirty || field("new-text").value.trim()) return;
  isDirty = false;
  const body = new FormData(form);
  body.set("go", "stay");
  body.delete("voice");
  await alone(async () => {
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
      await take(answer);
    } catch {
      isDirty = true;
      say(copy.dataset.textUnsaved, true);
      timer = setTimeout(send, RETRY);
    }
  });
}

/** Each save needs the version that the one before gave: they leave one at a time. */
async function alone(act) {
  while (isSending) await new Promise((done) => setTimeout(done, 50));
  isSending = true;
  try {
    return await act();
  } finally {
    isSending = false;
    if (isDirty && !isStopped && !isSignedOut) timer = setTimeout(send, PAUSE);
  }
}

/** What a save was answered: true when it is kept. Throws what is worth another try. */
async function take(answer) {
  if (answer.status === 401) {
    signedOut();
    return false;
  }
  const told = await answer.json();
  if (told.outcome === "conflict") {
    isStopped = true;
    say(copy.dataset.textConflict, true);
    return false;
  }
  if (!answer.ok) throw new Error(answer.status);
  field("version").value = told.version;
  document.querySelector("[data-mark]").textContent = told.mark || "–";
  document.querySelector("[data-missing]").textContent = told.lacking;
  judge(told);
  if (isDirty) keep();
  else localStorage.removeItem(key);
  say(told.saved, false);
  return true;
}

/** What the page pointed out stays so until it is mended; points that cannot be read are pointed out at once. */
function judge({ missing, misread }) {
  for (const place of form.querySelectorAll("[data-lack]")) {
    const { lack } = place.dataset, isMisread = misread.includes(lack), error = place.querySelector(".error");
    if (isMisread) place.classList.add("invalid");
    if (!missing.includes(lack)) place.classList.remove("invalid", "lacks");
    const control = place.querySelector(":scope > input, :scope > textarea");
    if (control) mark(control, "aria-invalid", place.classList.contains("invalid") && "true");
    if (error) {
      error.hidden = !isMisread;
      mark(control, "aria-describedby", isMisread && error.id);
    }
  }
}

function mark(control, name, value) {
  if (value) control.setAttribute(name, value);
  else control.removeAttribute(name);
}

/** Asked once: whoever puts it off goes on typing, and is asked again when they save. */
function signedOut() {
  isDirty = true;
  say(copy.dataset.textSignedOut, true);
  if (!isSignedOut) askAgain();
  isSignedOut = true;
}

function askAgain() {
  if (!dialog().open) dialog().showModal();
}

async function freshToken() {
  const page = new DOMParser().parseFromString(await (await fetch("/connexion")).text(), "text/html");
  const token = page.querySelector('[name="csrf_token"]')?.value;
  if (token) setToken(token);
}

function setToken(token) {
  document.querySelector('meta[name="csrf-token"]').content = token;
  for (const hidden of document.querySelectorAll('[name="csrf_token"]')) hidden.value = token;
}

async function signIn(submission) {
  submission.preventDefault();
  const { email, password } = submission.target.elements;
  const message = dialog().querySelector("[data-message]");
  try {
    await freshToken();
    const headers = { "Content-Type": "application/json", "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content };
    const body = JSON.stringify({ email: email.value, password: password.value, expected: Number(copy.dataset.person) });
    const answer = await fetch("/connexion", { method: "POST", body, headers });
    const told = await answer.json();
    if (!answer.ok) {
      message.textContent = told.message;
      return;
    }
    setToken(told.csrf_token);
  } catch {
    message.textContent = copy.dataset.textUnsaved;
    return;
  }
  password.value = "";
  isSignedOut = false;
  dialog().close();
  send();
}

/* What leaves the page waits for what is on its way: a save that came second would meet the one before as a stranger's. */

function leave(event) {
  clearTimeout(timer);
  if (isSignedOut) {
    event.preventDefault();
    return askAgain();
  }
  if (!isSending && !speaker?.isSending()) return ready(event);
  event.preventDefault();
  if (speaker?.isSending()) say(copy.dataset.textLeaving, true);
  const { name, value } = event.submitter;
  arrived().then(() => form.requestSubmit([...form.elements].find((one) => one.name === name && one.value === value)));
}

async function arrived() {
  await speaker?.settled();
  while (isSending) await new Promise((done) => setTimeout(done, 50));
  clearTimeout(timer);
}

/* Ready, then the next copy: it was fetched while this one was read, and takes its place at once. */

async function ready(event) {
  if (event.submitter?.value !== "ready" || !next || field("voice").files.length) return;
  event.preventDefault();
  const { submitter } = event, body = new FormData(form, submitter), { next: address } = copy.dataset;
  const [told, text] = await Promise.all([alone(() => keepReady(body)), next]);
  next = null;
  if (!told?.ready) return form.requestSubmit(submitter);
  localStorage.removeItem(key);
  if (!text) return location.assign(address);
  clearTimeout(timer);
  const page = new DOMParser().parseFromString(text, "text/html");
  history.pushState(null, "", address);
  document.title = page.title;
  document.body.replaceWith(document.adoptNode(page.body));
  scrollTo(0, 0);
  open();
  document.querySelector("h1").setAttribute("tabindex", "-1");
  document.querySelector("h1").focus();
}

/** What the server says of work that is sent as ready; null when it does not answer, or refuses. */
async function keepReady(body) {
  isDirty = false;
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    const told = answer.ok ? await answer.json() : null;
    if (told?.version) field("version").value = told.version;
    return told;
  } catch {
    isDirty = true;
    return null;
  }
}

/* Passages and seconds: what is selected or playing is what a new remark is about. */

function pin() {
  const panel = document.querySelector("[data-new-remark]");
  panel.open = true;
  const selection = getSelection();
  const text = selection.anchorNode?.parentElement?.closest("[data-passage]");
  const sound = [...document.querySelectorAll("[data-sound] audio")].find((one) => one.currentTime > 0);
  if (text && !selection.isCollapsed) {
    field("new-place").value = `${text.dataset.passage}|passage`;
    field("new-at").value = selection.toString();
    field("new-start").value = String(startOf(text, selection.getRangeAt(0)));
  } else if (sound) {
    field("new-place").value = `${sound.closest("[data-sound]").dataset.sound}|second`;
    field("new-at").value = `${Math.floor(sound.currentTime / 60)}:${String(Math.floor(sound.currentTime % 60)).padStart(2, "0")}`;
  }
  field("new-text").focus();
}

/** The new remark comes under the page it is about, which stays in sight. */
function pinPage(event) {
  const button = event.target.closest("[data-page]");
  if (!button) return;
  event.preventDefault();
  const panel = document.querySelector("[data-new-remark]");
  const [part, number] = button.dataset.page.split("|");
  button.closest("li").append(panel);
  panel.open = true;
  field("new-place").value = `${part}|page`;
  field("new-at").value = number;
  field("new-text").focus();
}

/** Characters before the selection, pins left out: they are not the student's. */
function startOf(text, range) {
  const before = document.createRange();
  before.selectNodeContents(text);
  before.setEnd(range.startContainer, range.startOffset);
  const piece = before.cloneContents();
  for (const pinned of piece.querySelectorAll(".pin")) pinned.remove();
  return piece.textContent.length;
}

/** Begin to record, or stop; a browser that cannot is shown the field for a file. */
async function talk() {
  panel().open = true;
  await openVoice();
  const button = ["stop", "record", "keep"].map((name) => panel().querySelector(`[data-${name}]`)).find((one) => one.checkVisibility());
  if (!button) field("voice").focus();
  else if (button.matches("[data-keep]")) button.focus();
  else button.click();
}

function move(step) {
  const all = [...document.querySelectorAll("[data-criterion]")];
  const here = all.findIndex((one) => one.contains(document.activeElement));
  const target = all[Math.min(Math.max(here + step, 0), all.length - 1)];
  (target?.querySelector(":checked") ?? target?.querySelector("input"))?.focus();
}

function choose(place) {
  const all = [...document.querySelectorAll("[data-criterion]")];
  const here = all.find((one) => one.contains(document.activeElement)) ?? all.find((one) => !one.querySelector(":checked"));
  const level = here?.querySelectorAll("input")[place - 1];
  if (!level) return;
  level.focus();
  level.click();
}

/* Keys pressed alone can be turned off on this device: a dictated word, or a hand that slips, would press them. */

const KEYS_OFF = "marking-keys-off";
const areKeysOff = () => localStorage.getItem(KEYS_OFF) !== null;

function showKeys() {
  const button = document.querySelector("[data-keys]");
  button.textContent = areKeysOff() ? button.dataset.textOn : button.dataset.textOff;
  button.hidden = false;
  for (const told of document.querySelectorAll("[data-by-key]")) told.hidden = areKeysOff();
}

function turnKeys() {
  if (areKeysOff()) localStorage.removeItem(KEYS_OFF);
  else localStorage.setItem(KEYS_OFF, "1");
  showKeys();
}

function shortcut(event) {
  const typing = event.target.matches("textarea, select, input:not([type=radio], [type=checkbox])");
  if (areKeysOff() || typing || event.ctrlKey || event.metaKey || event.altKey || dialog()?.open) return;
  const acts = { j: () => move(1), k: () => move(-1), c: () => field("comment").focus(), r: pin, v: talk, n: () => form.querySelector('[value="ready"]').click() };
  const act = /^[1-9]$/.test(event.key) ? () => choose(Number(event.key)) : acts[event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act();
}

document.addEventListener("input", (event) => { if (event.target.form === form) changed(); });
document.addEventListener("toggle", (event) => { if (event.target === panel()) openVoice(); }, { capture: true });
document.addEventListener("submit", (event) => {
  if (event.target === form) leave(event);
  else if (event.target.closest("#sign-in")) signIn(event);
});
document.addEventListener("click", (event) => { if (event.target.closest("[data-later]")) dialog().close(); });
document.addEventListener("click", (event) => { if (event.target.closest("[data-keys]")) turnKeys(); });
document.addEventListener("click", pinPage);
document.addEventListener("keydown", shortcut);
addEventListener("popstate", () => location.reload());
addEventListener("pagehide", () => { if (isDirty) keep(); });
open();

/* Answers that cannot be lost: each change is written on this device at once, then sent within two seconds, and forgotten
   here only when the server says that it holds it. The page works without this file; its words come from the template.
   One file, long as it is: pages in an examination fetch one script, and nothing else can fail to arrive. */

/* A browser that lacks a part of this (Safari before 16) posts the page by itself, which works: it must not be half helped. */
if (!AbortSignal.timeout || !HTMLFormElement.prototype.requestSubmit || !("submitter" in SubmitEvent.prototype)) {
  throw new Error("This browser posts its answers by itself.");
}

const root = document.querySelector("[data-attempt]");
const { attempt, person, saveUrl, stateUrl, signInUrl, resultUrl } = root.dataset;
const paper = document.getElementById("paper");
const handIn = document.getElementById("hand-in");
const dialog = document.getElementById("sign-in");
const isRunning = !("over" in root.dataset);
const client = newId();
const pending = new Map(); // slot → record the server has not acknowledged
const blocks = new Map([...document.querySelectorAll("[data-question]")].map((element) => [element.dataset.question, blockOf(element)]));

function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function words(name, values = {}) {
  return (root.dataset[`text${name}`] ?? "").replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
}

/* This device: one record a question and a page, in IndexedDB. */

let isDurable = true;
let store = openStore();

function openStore() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("deust", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("answers", { keyPath: "slot" });
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = opening.onblocked = () => reject(opening.error);
  });
}

async function inStore(mode, act) {
  const database = await store;
  return new Promise((resolve, reject) => {
    const transaction = database.transaction("answers", mode);
    const request = act(transaction.objectStore("answers"));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

/* A browser may drop the connection in the background, or refuse to store: once more, then the page alone keeps. */
async function keep(mode, act) {
  try {
    return await inStore(mode, act).catch(() => {
      store = openStore();
      return inStore(mode, act);
    });
  } catch {
    isDurable = false;
    return undefined;
  }
}

function remember(record) {
  pending.set(record.slot, record);
  return keep("readwrite", (answers) => answers.put(record));
}

function forget(record) {
  if (pending.get(record.slot) === record) pending.delete(record.slot);
  return keep("readwrite", (answers) => {
    const found = answers.get(record.slot);
    found.onsuccess = () => found.result?.event === record.event && answers.delete(record.slot);
    return found;
  });
}

/* A page may close before the browser has stored its last letters: those are also written where writing is immediate. */

const journal = `deust/${attempt}/`;

function writeJournal() {
  const records = [...pending.values()].filter((record) => !record.file);
  try {
    if (records.length) localStorage.setItem(journal + client, JSON.stringify(records));
  } catch {
    // full or refused: the store has all but the last letters
  }
}

async function readJournal() {
  const names = isDurable ? Object.keys(localStorage).filter((name) => name.startsWith(journal)) : [];
  for (const name of names) {
    for (const record of JSON.parse(localStorage.getItem(name))) {
      await keep("readwrite", (answers) => {
        const found = answers.get(record.slot);
        found.onsuccess = () => (found.result?.sequence ?? 0) < record.sequence && answers.put(record);
        return found;
      });
    }
    if (isDurable) localStorage.removeItem(name);
  }
}

/* Questions of this page. */

function blockOf(element) {
  const key = element.dataset.question;
  const base = element.querySelector(`[name="${key}-base"]`);
  const block = { element, key, base, number: element.dataset.number, client, sequence: 0, isTouched: false, conflict: null };
  block.known = plain(fieldsOf(block, true));
  return block;
}

function controlsOf(block) {
  return [...block.element.querySelectorAll("input, select, textarea")].filter((one) => one.name.startsWith(`${block.key}-answer`));
}

function nameOf(block, control) {
  return control.name.slice(block.key.length + 1);
}

/* What the fields hold now, or what the server wrote in them. */
function fieldsOf(block, asServed = false) {
  const fields = {};
  for (const control of controlsOf(block)) {
    const isChecked = asServed ? control.defaultChecked : control.checked;
    if (control.type === "file" || (isToTick(control) && !isChecked)) continue;
    (fields[nameOf(block, control)] ??= []).push(asServed ? servedValue(control) : control.value);
  }
  return fields;
}

function servedValue(control) {
  if (isToTick(control)) return control.value;
  if (control.type !== "select-one") return control.defaultValue;
  return control.querySelector("[selected]")?.value ?? "";
}

function fileOf(block) {
  return controlsOf(block).find((control) => control.type === "file")?.files[0];
}

function fill(block, fields) {
  for (const control of controlsOf(block)) {
    const values = fields[nameOf(block, control)] ?? [];
    if (isToTick(control)) control.checked = values.includes(control.value);
    else if (control.type !== "file") control.value = values[0] ?? "";
  }
  block.known = plain(fields);
  block.element.dispatchEvent(new CustomEvent("filled"));
}

function isChanged(block) {
  const file = fileOf(block);
  return plain(fieldsOf(block)) !== block.known || Boolean(file && file !== block.file);
}

function isToTick(control) {
  return control.type === "radio" || control.type === "checkbox";
}

const textsIn = (fields) => Object.values(fields).flat();
const isEmpty = (fields) => textsIn(fields).every((text) => !text.trim());

function plain(fields) {
  const filled = Object.entries(fields).map(([name, texts]) => [name, texts.filter(Boolean).sort()]);
  return JSON.stringify(filled.filter(([, texts]) => texts.length).sort());
}

/* The answer as a person reads it. */
function inWords(block, { fields, file }) {
  if (file) return file.name;
  const lines = controlsOf(block).flatMap((control) => {
    const values = fields[nameOf(block, control)] ?? [];
    const label = control.labels?.[0]?.innerText.trim() ?? "";
    if (isToTick(control)) return values.includes(control.value) ? [label] : [];
    if (!values[0]) return [];
    if (control.type !== "select-one") return [values[0]];
    const chosen = [...control.options].find((option) => option.value === values[0])?.text;
    return [label ? `${label}\u00a0: ${chosen}` : chosen];
  });
  return lines.join("\n") || words("Empty");
}

/* A change: kept here first, whatever the network does. */
function change(block, { file = fileOf(block), isTyping = false } = {}) {
  const fields = file ? {} : fieldsOf(block);
  Object.assign(block, { isTouched: true, known: plain(fieldsOf(block)), file });
  complain(block, "");
  forgetRefused(block.key);
  const why = file && refusalOf(block, file);
  if (why) {
    refuseFile({ attempt, person, key: block.key, number: block.number, client: block.client, file, at: Date.now(), isShown: true }, words(why));
    return;
  }
  block.sequence += 1;
  remember({
    slot: `${attempt}/${block.client}/${block.key}`,
    event: newId(),
    attempt,
    person,
    key: block.key,
    number: block.number,
    client: block.client,
    sequence: block.sequence,
    base: Number(block.base.value),
    fields,
    file,
    clears: !file && isEmpty(fields),
    at: Date.now(),
    isShown: true,
    hold: block.conflict ? "conflict" : null,
  });
  if (file) receive(block, words("Sending", { name: file.name }));
  sendSoon(isTyping);
}

/* A file that is refused, here or by the server, waits for nothing: its name and the reason stay until another takes its place. */

const isRefusedFile = (record) => Boolean(record.hold && record.refused);
const refusedFile = (key) => [...pending.values()].find((record) => isRefusedFile(record) && record.key === key);

function refusalOf(block, file) {
  const upload = block.element.querySelector(".upload");
  const { accept } = controlsOf(block).find((control) => control.type === "file");
  if (file.size > Number(upload.dataset.mostBytes || Infinity)) return "TooLarge";
  if (/^\./.test(accept) && !accept.split(",").some((end) => file.name.toLowerCase().endsWith(end))) return "WrongType";
  return null;
}

function refuseFile(record, message) {
  const slot = `${attempt}/${record.client}/${record.key}/refused`;
  const refused = { ...record, slot, event: newId(), file: { name: record.file.name }, hold: "refused", refused: message };
  remember(refused);
  tellRefused(refused);
  say(words("Refused", { name: record.file.name }), true);
}

function tellRefused({ key, number, file, isShown, refused: message }) {
  const block = isShown && blocks.get(key);
  if (block) complain(block, words("RefusedFile", { name: file.name, message }));
  else notice(`refused-${key}`, "warning", words("RefusedFileElsewhere", { number, name: file.name, message }), linkTo(key));
}

function forgetRefused(key) {
  for (const record of [...pending.values()]) if (isRefusedFile(record) && record.key === key) forget(record);
}

/* The way to a question from the page that lists them. */
function linkTo(key) {
  const listed = document.querySelector(`[data-open="${key}"]`);
  return listed && Object.assign(document.createElement("a"), { href: listed.href, className: "act", textContent: words("OpenQuestion") });
}

/* Sending: one request at a time, in order, for ever. */

let isSending = false;
let isSignedOut = false;
let failures = 0;
let typedSince = null;
let timer;
const files = { isSending: false, failures: 0, timer: null }; // sent beside the answers, so that no text waits for a file

function sendSoon(isTyping) {
  if (failures) return;
  if (!isTyping) {
    send();
    return;
  }
  typedSince ??= performance.now();
  clearTimeout(timer);
  timer = setTimeout(send, Math.max(0, Math.min(600, typedSince + 1500 - performance.now())));
}

const waiting = () => [...pending.values()].filter((record) => !record.hold);
const sendable = () => waiting()[0];
const nextText = () => waiting().find((record) => !record.file);
const nextFile = () => waiting().find((record) => record.file);

async function send() {
  clearTimeout(timer);
  typedSince = null;
  sendFiles();
  if (isSending || isSignedOut) return;
  isSending = true;
  try {
    for (let record = nextText(); record; record = nextText()) {
      if (!(await deliver(record))) break;
    }
  } finally {
    isSending = false;
  }
}

async function sendFiles() {
  clearTimeout(files.timer);
  if (files.isSending || isSignedOut) return;
  files.isSending = true;
  try {
    for (let record = nextFile(); record; record = nextFile()) {
      if (!(await deliver(record))) break;
    }
  } finally {
    files.isSending = false;
  }
}

/* A file goes part by part, and goes on where it was cut; should that script not come, it is posted whole. */
async function postFile(record) {
  const uploads = await import(root.dataset.uploadScript).catch(() => null);
  if (!uploads) return post(record);
  const { file, key, event, client, sequence, base } = record;
  return uploads.send({ file, key, event, client, sequence, base }, { ask, url: root.dataset.uploadUrl, onProgress: (sent, size) => progress(record, sent, size) });
}

function progress(record, sent, size) {
  files.failures = 0;
  const block = record.isShown && blocks.get(record.key);
  const percent = `${Math.floor((100 * sent) / size)} %`;
  const text = words("Sent", { name: record.file.name, percent, sent: asMegabytes(sent), size: asMegabytes(size) });
  if (!block) {
    notice("upload", "info", text);
    return;
  }
  receive(block, text);
  const bar = { className: "time-bar", max: size, value: sent, ariaHidden: "true" };
  block.element.querySelector(".upload").append(Object.assign(document.createElement("progress"), bar));
}

const asMegabytes = (bytes) => (bytes / 1e6).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 });

function post(record) {
  const body = new FormData();
  const { event, sequence } = record;
  for (const [name, value] of Object.entries({ question: record.key, event, client: record.client, sequence })) body.set(name, value);
  body.set(`${record.key}-base`, record.base);
  for (const [name, texts] of Object.entries(record.fields)) for (const text of texts) body.append(`${record.key}-${name}`, text);
  if (record.file) body.set(`${record.key}-answer`, record.file, record.file.name);
  if (record.clears) body.set("clear", record.key);
  const isSmall = !record.file && JSON.stringify(record.fields).length < 15000;
  return ask(saveUrl, { method: "POST", body, keepalive: isSmall }, record.file ? 600 : 20);
}

function ask(url, options = {}, seconds = 20) {
  const headers = { Accept: "application/json", "X-CSRFToken": token().content, ...options.headers };
  return fetch(url, { cache: "no-store", redirect: "error", signal: AbortSignal.timeout(seconds * 1000), ...options, headers });
}

/* True when the next record may be sent. */
async function deliver(record, isSecondTry = false) {
  let response;
  let told;
  try {
    response = await (record.file ? postFile(record) : post(record));
    told = await response.json();
  } catch {
    if (response?.status !== 413) return waitAndRetry(record);
    told = { message: words("TooLarge") }; // refused by what stands before the server
  }
  const saved = told.answers?.[record.key];
  if (response.ok && saved) return acknowledge(record, saved, told);
  if (response.ok || response.status >= 500 || [408, 409, 429].includes(response.status)) return waitAndRetry(record);
  if (told.error === "csrf") return isSecondTry ? waitAndRetry(record) : (await isStillOurs()) && deliver(record, true);
  if ([401, 403, 404].includes(response.status) && told.error !== "UnknownQuestion") return signedOut();
  refuse(record, told.message);
  return true;
}

function waitAndRetry(record) {
  const pause = (times) => Math.min(30, 2 ** (times - 1)) * 1000;
  if (record?.file) {
    files.failures += 1;
    files.timer = setTimeout(sendFiles, pause(files.failures));
    const block = record.isShown && blocks.get(record.key);
    const text = words("Cut", { name: record.file.name });
    if (!block) {
      notice("upload", "warning", text);
      return false;
    }
    receive(block, text);
  } else {
    failures += 1;
    timer = setTimeout(send, pause(failures));
  }
  say(words(isDurable ? (navigator.onLine ? "Failing" : "Offline") : "Fragile"), true);
  return false;
}

function refuse(record, message) {
  const block = record.isShown && blocks.get(record.key);
  if (record.file) {
    const isStillChosen = pending.get(record.slot) === record;
    forget(record);
    unnotice("upload");
    if (!isStillChosen) return;
    if (block) receive(block, "");
    refuseFile(record, message);
    return;
  }
  record.hold = "refused";
  if (block) complain(block, message);
  else notice(`refused-${record.key}`, "warning", words("RefusedElsewhere", { number: record.number, message }), linkTo(record.key));
  say(words("Kept"), true);
}

async function acknowledge(record, saved, told) {
  if (record.file) files.failures = 0;
  else failures = 0;
  if (record.file) unnotice("upload");
  unnotice("stay");
  setClock(told);
  if (saved.outcome === "conflict" && (record.file || plain(record.fields) !== plain(saved.fields))) return compare(record, saved);
  await forget(record);
  const newer = pending.get(record.slot);
  const block = record.isShown && blocks.get(record.key);
  if (block) {
    block.base.value = saved.version;
    if (record.file) received(block, record.file);
    showAnswered(block, !record.clears);
  }
  if (newer) await remember(Object.assign(newer, { base: saved.version }));
  if (saved.outcome === "late") notice("late", "late", words("Late"));
  if (told.by_start) notice("by-start", "info", words("ByStart", { time: told.by_start }));
  if (![...pending.values()].some((other) => record.file || !other.file)) say(words(saved.outcome === "late" ? "KeptLate" : "Saved", { number: record.number, time: saved.saved }), false);
  return true;
}

/* Two answers to one question: both shown, nothing blanked, the student chooses. */

function compare(record, saved) {
  record.hold = "conflict";
  const block = blocks.get(record.key);
  say(words("Kept"), true);
  if (!block) {
    notice(`conflict-${record.key}`, "warning", words("ConflictElsewhere", { number: record.number }), linkTo(record.key));
    return true;
  }
  const panel = document.getElementById("conflict").content.firstElementChild.cloneNode(true);
  panel.querySelector("[data-mine]").textContent = inWords(block, record);
  panel.querySelector("[data-theirs]").textContent = saved.theirs || words("Empty");
  panel.querySelector("[data-keep]").addEventListener("click", () => {
    settle(block, saved.version);
    if (!record.isShown) fill(block, record.fields);
    forget(record);
    change(block, { file: record.file });
  });
  panel.querySelector("[data-take]").addEventListener("click", () => {
    settle(block, saved.version);
    forget(pending.get(record.slot) ?? record);
    fill(block, saved.fields);
    showAnswered(block, !isEmpty(saved.fields));
    say(words("Saved", { number: record.number, time: saved.saved }), false);
  });
  block.conflict?.remove();
  block.conflict = panel;
  block.element.querySelector("[data-problem]").after(panel);
  return true;
}

function settle(block, version) {
  block.base.value = version;
  block.conflict.remove();
  block.conflict = null;
  block.element.tabIndex = -1;
  block.element.focus();
}

/* What a closed page left behind: continued by the one page that takes its lock. */

const ours = new Set([client]);
const left = new Promise((resolve) => addEventListener("pagehide", resolve));

function claim(name) {
  if (!navigator.locks) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const held = (lock) => {
      resolve(Boolean(lock));
      return lock ? left : null;
    };
    navigator.locks.request(`deust-page-${name}`, { ifAvailable: true }, held).catch(() => resolve(false));
  });
}

let isAdopting = false;

async function adopt() {
  if (isAdopting) return;
  isAdopting = true;
  await readJournal().catch(() => null);
  const all = (await keep("readonly", (answers) => answers.getAll())) ?? [];
  const lost = all.filter((one) => one.attempt === attempt && one.person === person && !ours.has(one.client) && !pending.has(one.slot));
  for (const record of lost.sort((one, other) => one.at - other.at)) {
    const isFree = await claim(record.client);
    if (isFree) ours.add(record.client);
    if (isFree === false && !ours.has(record.client) && paper) continue;
    takeOver(record, isFree !== undefined);
  }
  isAdopting = false;
  if (sendable()) send();
}

function takeOver(record, isContinued) {
  const block = blocks.get(record.key);
  Object.assign(record, { hold: record.refused ? "refused" : null, isShown: Boolean(block && !block.isTouched) });
  pending.set(record.slot, record);
  if (isRefusedFile(record)) {
    tellRefused(record);
    if (!isRunning) forget(record); // said once, after the hand-in
  }
  if (!record.isShown || isRefusedFile(record)) return;
  fill(block, record.fields);
  block.base.value = record.base; // whatever was answered elsewhere since is compared, not overwritten
  if (record.file) receive(block, words("Sending", { name: record.file.name }));
  if (isContinued) Object.assign(block, { client: record.client, sequence: record.sequence });
}

/* What the page says. */

let calm = document.querySelector("[data-saved] span")?.textContent ?? "";

function say(text, isWarning) {
  if (!isWarning) calm = text;
  if (pressed && !isWarning) text = words("Going");
  for (const place of document.querySelectorAll("[data-saved]")) {
    const label = place.querySelector("span");
    place.classList.toggle("offline", isWarning);
    place.querySelector(".i-check")?.toggleAttribute("hidden", Boolean(pressed)); // sent is not yet saved
    if (label.textContent !== text) label.textContent = text;
  }
}

function notice(name, kind, text, link) {
  const banner = document.querySelector(`[data-notice="${name}"]`) ?? document.createElement("div");
  const title = Object.assign(document.createElement("p"), { className: "title", textContent: text });
  banner.className = `banner ${kind}`;
  banner.dataset.notice = name;
  banner.replaceChildren(title, ...(link ? [link] : []));
  if (!banner.isConnected) inPlace(() => document.querySelector("[data-notices]").append(banner));
  return banner;
}

function unnotice(name) {
  inPlace(() => document.querySelector(`[data-notice="${name}"]`)?.remove());
}

/* What is being written does not move under the fingers: the head, always in sight, tells the rest in short. */
function inPlace(act) {
  const field = document.activeElement?.closest("[data-question] :is(input, select, textarea)");
  const top = () => field?.getBoundingClientRect().top ?? 0;
  const before = top();
  act();
  scrollBy(0, top() - before);
}

function complain(block, message) {
  const problem = block.element.querySelector("[data-problem]");
  if (problem.textContent.trim() === message) return;
  problem.textContent = message;
  problem.hidden = !message;
}

function receive(block, text) {
  const upload = block.element.querySelector(".upload");
  if (!upload) return;
  for (const old of upload.querySelectorAll("[data-cut], progress")) old.remove();
  const line = upload.querySelector(".kept") ?? upload.appendChild(Object.assign(document.createElement("p"), { className: "kept" }));
  line.textContent = text;
}

function received(block, file) {
  if (fileOf(block) === file || !fileOf(block)) for (const control of controlsOf(block)) control.value = "";
  receive(block, words("Received", { name: file.name }));
  block.element.dispatchEvent(new CustomEvent("received"));
}

function showAnswered(block, isAnswered) {
  const jump = document.querySelector(`[data-jump="${block.number}"]`);
  if (!jump) return;
  jump.classList.toggle("answered", isAnswered);
  jump.querySelector("[data-state]").textContent = isAnswered ? words("IsAnswered") : "";
  const others = [...document.querySelectorAll("[data-jump]:not([aria-current])")];
  const answered = others.filter((one) => one.classList.contains("answered")).length;
  count("Answered", answered);
  count("Unanswered", others.length - answered);
  const here = document.querySelector('[data-count="Here"]');
  if (here) here.textContent = words(isAnswered ? "HereAnswered" : "HereUnanswered");
}

function count(name, n) {
  const place = document.querySelector(`[data-count="${name}"]`);
  if (place) place.textContent = words(`${name}${n > 1 ? "Many" : "One"}`, { n });
}

/* Signing in again without leaving the page, as the same person only. */

const token = () => document.querySelector('meta[name="csrf-token"]');

function setToken(value) {
  token().content = value;
  for (const field of document.querySelectorAll('[name="csrf_token"]')) field.value = value;
}

async function freshToken() {
  const response = await ask(signInUrl);
  setToken((await response.json()).csrf_token);
}

/* A refused token: another session in this browser. Nothing more is sent until the server says whose it is. */
async function isStillOurs() {
  try {
    const response = await ask(stateUrl);
    if (!response.ok) return signedOut();
    await freshToken();
    return true;
  } catch {
    return waitAndRetry();
  }
}

function signedOut() {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: words("SignIn") });
  button.addEventListener("click", openDialog);
  say(words("SignedOut"), true);
  notice("signed-out", "warning", words("SignedOut"), button);
  if (!isSignedOut) openDialog();
  isSignedOut = true;
  return false;
}

function openDialog() {
  if (!dialog.open) dialog.showModal();
}

async function signIn(submission) {
  submission.preventDefault();
  const { email, password } = submission.target.elements;
  const message = dialog.querySelector("[data-message]");
  message.textContent = "";
  try {
    await freshToken();
    const body = JSON.stringify({ email: email.value, password: password.value, expected: person });
    const response = await ask(signInUrl, { method: "POST", body, headers: { "Content-Type": "application/json" } });
    const told = await response.json();
    if (!response.ok) {
      message.textContent = told.message;
      return;
    }
    setToken(told.csrf_token);
  } catch {
    message.textContent = words("Failing");
    return;
  }
  password.value = "";
  goOn();
  refresh();
}

function goOn() {
  isSignedOut = false;
  failures = files.failures = 0;
  unnotice("signed-out");
  say(calm, false);
  dialog.close();
  send();
}

/* The clock: the server's, carried by a monotonic counter; this computer's own time decides nothing. */

let endsAt = null;
let isTimeUp = false;
const start = performance.getEntriesByType("navigation")[0]?.responseStart || performance.now();
const bar = document.querySelector("[data-elapsed]");
const clock = document.querySelector(".timer");
const spent = Number(bar?.getAttribute("value"));

const secondsLeft = (now = performance.now()) => Math.max(0, Math.ceil((endsAt - now) / 1000));

function setClock({ seconds_left: seconds, is_over: isOver }, at = performance.now()) {
  if (isOver && !isTimeUp) timeIsUp(seconds === 0 ? "TimeUp" : "Over");
  if (isTimeUp && seconds !== 0 && !isOver) giveTimeBack();
  if (seconds === null) {
    endsAt = null;
    return;
  }
  const moved = endsAt === null ? 0 : at + seconds * 1000 - endsAt;
  endsAt = at + seconds * 1000;
  if (Math.abs(moved) > 20000) readRulesAgain(moved > 0);
}

async function readRulesAgain(isLonger) {
  if (isLonger) notice("moved", "info", words("Moved", { left: asTime(secondsLeft()) }));
  const rules = document.querySelector("[data-rules]");
  const response = rules && (await ask(location.href, { headers: { Accept: "text/html" } }).catch(() => null));
  if (!response?.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  promise(page);
  rules.replaceWith(page.querySelector("[data-rules]") ?? rules);
}

/** What only this file does is said once it does it. */
function promise(page) {
  for (const told of page.querySelectorAll("[data-helped]")) told.hidden = false;
}

function asTime(seconds) {
  const pad = (value) => String(value).padStart(2, "0");
  if (seconds >= 3600) return words("Hours", { h: Math.floor(seconds / 3600), m: pad(Math.floor(seconds / 60) % 60) });
  if (seconds >= 60) return words("Minutes", { m: Math.floor(seconds / 60), s: pad(seconds % 60) });
  return words("Seconds", { s: seconds });
}

let lastLeft = null;

function tick() {
  if (endsAt === null || !isRunning) return;
  const left = secondsLeft();
  for (const place of document.querySelectorAll("[data-left]")) place.textContent = asTime(left);
  if (bar) {
    const elapsed = spent + (performance.now() - start) / 1000;
    bar.max = elapsed + left;
    bar.value = elapsed;
  }
  warn(left);
  lastLeft = left;
  if (!left && !isTimeUp) timeIsUp("TimeUp");
}

/** In the head, where no line moves; said aloud once a limit. */
function warn(left) {
  const limit = [60, 300].find((seconds) => left <= seconds);
  if (!clock) return;
  clock.className = limit ? `timer badge ${limit === 60 ? "late" : "warning"}` : "timer";
  if (!limit) return;
  clock.hidden = false;
  if (lastLeft > limit && left) clock.querySelector("[data-told]").textContent = words("Warning", { left: asTime(left) });
}

function timeIsUp(reason) {
  if (!isRunning) return;
  isTimeUp = true;
  for (const block of blocks.values()) {
    if (isChanged(block)) change(block);
    block.element.inert = true;
  }
  notice("time", "late", words(reason)).scrollIntoView({ block: "nearest" }); // nothing is left to write
  leaveWhenOver(reason);
}

function giveTimeBack() {
  isTimeUp = false;
  unnotice("time");
  for (const block of blocks.values()) block.element.inert = false;
}

/* The server's grace ends first, and everything kept here arrives first. */
async function leaveWhenOver(reason) {
  await flush(10);
  const state = await refresh();
  if (!isTimeUp) return;
  if (!state?.is_over || sendable()) {
    setTimeout(leaveWhenOver, 3000, reason);
    return;
  }
  if (!pending.size && !document.querySelector('[data-notice="late"]')) location.replace(resultUrl);
  const link = Object.assign(document.createElement("a"), { href: resultUrl, textContent: words("SeeResult") });
  notice("time", "late", words(reason), link);
}

async function refresh() {
  try {
    const response = await ask(stateUrl);
    if ([401, 403, 404].includes(response.status)) signedOut();
    if (!response.ok) return null;
    const state = await response.json();
    if (isSignedOut) {
      await freshToken(); // signed in again from another tab
      goOn();
    }
    setClock(state);
    return state;
  } catch {
    return null;
  }
}

/* Leaving the page by its buttons: nothing goes before what is pending. */

let isLeaving = false;
let isPassing = false;
let pressed = null; // the button whose press is on its way, as it was

/* A press is answered at once and taken once, however long the server is. */
function press(submitter) {
  const button = submitter?.matches(".hidden") ? paper.querySelector(".steps .primary") : submitter;
  pressed = { button, inside: [...(button?.childNodes ?? [])] };
  button?.setAttribute("aria-busy", "true");
  if (button?.closest(".steps, .acts")) {
    button.style.minWidth = `${button.offsetWidth}px`;
    button.replaceChildren(words("Going"));
  }
  say(calm, false);
}

function release() {
  if (!pressed) return;
  const { button, inside } = pressed;
  pressed = null;
  button?.removeAttribute("aria-busy");
  button?.replaceChildren(...inside);
  if (!document.querySelector("[data-saved].offline")) say(calm, false);
}

async function flush(seconds) {
  const until = performance.now() + seconds * 1000;
  send();
  while ((isSending || files.isSending || sendable()) && performance.now() < until && !failures && !isSignedOut) {
    if (!isSending && !nextText() && files.failures) break;
    await new Promise((resolve) => setTimeout(resolve, 40));
    if (!isSending) send();
  }
}

async function leave(submission) {
  if (isPassing) return;
  submission.preventDefault();
  if (pressed) return;
  const button = submission.submitter;
  for (const block of blocks.values()) if (isChanged(block)) change(block);
  if (button?.name === "clear") {
    empty(blocks.get(button.value));
    return;
  }
  const open = [...blocks.values()].find((block) => block.conflict);
  if (open) {
    open.conflict.querySelector("button").focus();
    return;
  }
  press(button);
  failures = files.failures = 0;
  await flush(4);
  if (isSignedOut) {
    release();
    openDialog();
    return;
  }
  if (failures || !navigator.onLine || (files.failures && !isDurable)) {
    release();
    notice("stay", "warning", words("Stay")).scrollIntoView({ block: "nearest" }); // the button pressed may be a screen below
    return;
  }
  goWith(button);
}

function goWith(button) {
  for (const block of blocks.values()) {
    const record = pending.get(`${attempt}/${block.client}/${block.key}`);
    if (record?.hold || (record?.file && isDurable) || refusedFile(block.key)) for (const control of controlsOf(block)) control.disabled = true;
  }
  Object.assign(paper.elements.event, { value: newId() });
  paper.elements.client.value = client;
  paper.elements.sequence.value = Math.max(0, ...[...blocks.values()].map((block) => block.sequence)) + 1;
  submit(paper, button);
}

/* Out of the event that was stopped: a form does not submit again from inside it. */
function submit(form, button) {
  isLeaving = true;
  setTimeout(() => {
    isPassing = true;
    form.requestSubmit(button);
    isPassing = false;
  });
  setTimeout(release, 20000); // stopped on its way: it may be pressed again
}

function empty(block) {
  const isFile = controlsOf(block).some((control) => control.type === "file");
  fill(block, {});
  for (const control of controlsOf(block)) if (control.type === "file") control.value = "";
  if (isFile) receive(block, "");
  change(block);
}

/* Handing in waits for what this device holds; leaving it behind takes a second, explicit act. A refused file is not waited for. */

const holdsBack = () => [...pending.values()].some((record) => !isRefusedFile(record));

async function finish(submission) {
  const isWithout = submission.submitter?.name === "without";
  if (isPassing) return;
  if (pressed || !isWithout) submission.preventDefault();
  if (pressed) return;
  press(submission.submitter);
  if (isWithout) return;
  failures = files.failures = 0;
  await flush(10);
  if (isSignedOut) {
    release();
    openDialog();
    return;
  }
  if (holdsBack()) {
    release();
    const panel = document.querySelector("[data-unsent]");
    for (const one of panel.querySelectorAll("[data-when]")) one.hidden = one.dataset.when !== (sendable() ? "waiting" : "choice");
    panel.hidden = false;
    panel.querySelector("button").focus();
    return;
  }
  for (const record of [...pending.values()]) await forget(record);
  submit(handIn, submission.submitter);
}

/* Start. */

function onInput({ target, type }) {
  const block = blocks.get(target.closest("[data-question]")?.dataset.question);
  if (!block || !controlsOf(block).includes(target)) return;
  if (isChanged(block)) change(block, { isTyping: type === "input" && /^text/.test(target.type) });
  else if (type === "change") sendSoon(false);
}

function onVisible() {
  if (document.visibilityState === "visible") {
    failures = files.failures = 0;
    send();
    refresh();
    adopt();
    return;
  }
  for (const record of isSignedOut ? [] : pending.values()) if (!record.hold && !record.file) post(record).catch(() => null);
}

function onOnline() {
  unnotice("stay");
  say(calm, false);
  failures = files.failures = 0;
  send();
  refresh();
}

claim(client);
promise(document);
document.addEventListener("visibilitychange", onVisible);
addEventListener("pagehide", writeJournal);
addEventListener("online", onOnline);
addEventListener("offline", () => say(words(isDurable ? "Offline" : "Fragile"), true));
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
addEventListener("beforeunload", (event) => !isDurable && !isLeaving && holdsBack() && event.preventDefault());
dialog.querySelector("form").addEventListener("submit", signIn);
dialog.querySelector("[data-later]").addEventListener("click", () => dialog.close());
paper?.addEventListener("input", onInput);
paper?.addEventListener("change", onInput);
paper?.addEventListener("submit", leave);
handIn?.addEventListener("submit", finish);
document.querySelector(".upload")?.addEventListener("focusin", () => import(root.dataset.uploadScript).catch(() => null), { once: true });
await adopt();
for (const block of blocks.values()) if (isChanged(block)) change(block);
setTimeout(adopt, 1000);
setInterval(() => {
  refresh();
  adopt();
}, 60000);
if (root.dataset.secondsLeft) setClock({ seconds_left: Number(root.dataset.secondsLeft), is_over: false }, start);
tick();
setInterval(tick, 1000);
if (handIn && sendable()) {
  await flush(10);
  if (!holdsBack() && isRunning) location.reload();
}

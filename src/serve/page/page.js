// The page asks the same HTTP interface as everybody else (docs/openapi.yaml). Text from mail is only ever put in as text.
'use strict';

const byId = (id) => document.getElementById(id);

function make(name, className, ...content) {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...content.filter((part) => part !== null && part !== undefined && part !== ''));
  return element;
}

async function ask(path, options = {}) {
  const headers = { ...options.headers };
  const token = sessionStorage.getItem('token');
  if (token) headers.Authorization = 'Bearer ' + token;
  let response;
  try {
    response = await fetch(path, { ...options, headers, cache: 'no-store' });
  } catch {
    throw new Error('The server does not answer. Is it still running?');
  }
  const text = await response.text();
  let body = null;
  try { body = JSON.parse(text); } catch { /* an empty answer */ }
  if (response.status === 401 || response.status === 403) byId('token').hidden = false;
  if (!response.ok && response.status !== 404) throw new Error(body?.detail ?? response.status + ' ' + response.statusText);
  return { status: response.status, body };
}

function show(section, ...content) {
  section.querySelector('.answer').replaceChildren(...content);
}

async function answer(section, work) {
  const button = section.querySelector('button');
  button.disabled = true;
  try {
    await work();
  } catch (fault) {
    show(section, make('p', 'fault', fault.message));
  } finally {
    button.disabled = false;
  }
}

const CLASSES = {
  hard: 'hard: the address is dead',
  soft: 'soft: it may clear by itself',
  block: 'block: refused because of the sender, the message, the route or a policy; the address may be fine',
  none: 'says nothing against the address',
};
const KINDS = {
  failed: 'delivery failed',
  delayed: 'delivery is late; the mail server keeps trying',
  delivered: 'delivered',
  complaint: 'the recipient complained',
  unsubscribe: 'the recipient wants no more of this',
  autoreply: 'an automatic answer, no bounce',
  other: 'no report about a delivery',
};

// The words that decided, underlined where they stand.
function words(text, matched) {
  if (!text) return null;
  const at = matched ? text.toLowerCase().indexOf(matched.toLowerCase()) : -1;
  if (at < 0) return make('span', '', text);
  return make('span', '', text.slice(0, at), make('mark', '', text.slice(at, at + matched.length)), text.slice(at + matched.length));
}

function rows(pairs) {
  const list = make('dl');
  for (const [name, value] of pairs)
    if (value !== null && value !== undefined && value !== '') list.append(make('dt', '', name), make('dd', '', value));
  return list;
}

const span = (seconds) => seconds >= 86400 ? Math.round(seconds / 86400) + ' d' : seconds >= 3600 ? Math.round(seconds / 3600) + ' h' : Math.round(seconds / 60) + ' min';

function card(event, more) {
  return make('article', event.class,
    make('h3', '', event.recipient ?? KINDS[event.kind]),
    rows([
      ['What happened', event.recipient ? KINDS[event.kind] : null],
      ['Cause', event.cause],
      ['Class', make('span', 'class', CLASSES[event.class])],
      ['What to do', event.advice],
      ['Try again after', event.kind === 'failed' && event.retry_after ? event.retry_after.map(span).join(', then ') : null],
      ['It said', words(event.diagnostic, event.matched)],
      ['Codes', [event.reply, event.status, event.stage && 'at ' + event.stage].filter(Boolean).join(' · ')],
      ['Refused by', event.remote_mta],
      ['Reported by', event.reporting_mta],
      ['Message', event.original?.subject ?? event.original?.message_id],
      ['Decided by', event.rule],
      ['Decision', event.decision && event.decision.action + ': ' + event.decision.reason],
      ['Notes', event.notes?.join(', ')],
      ...more ?? [],
    ]),
    make('details', '', make('summary', '', 'the whole event'), make('pre', '', JSON.stringify(event, null, 2))));
}

// A message begins with header fields; anything else is taken for what a server said.
const isMessage = (text) => /^(From [^\n]*\r?\n)?[!-9;-~]+:[^\n]*\r?\n([ \t][^\n]*\r?\n|[!-9;-~]+:[^\n]*\r?\n)*([!-9;-~]+:|\r?\n)/.test(text);

async function explain(text) {
  const section = byId('bounce');
  const message = typeof text !== 'string' || isMessage(text);
  const { body } = await ask('v1/classify', {
    method: 'POST',
    headers: { 'Content-Type': message ? 'message/rfc822' : 'application/json' },
    body: message ? text : JSON.stringify({ reply: text }),
  });
  show(section, ...body.events.map((event) => card(event)));
}

async function look(address) {
  const section = byId('address');
  const path = encodeURIComponent(address);
  const { status, body } = await ask('v1/suppressions/' + path);
  const head = status === 404
    ? make('article', 'none', make('h3', '', address), rows([['', make('span', 'class', body?.detail ?? 'not suppressed')]]))
    : make('article', body.class,
      make('h3', '', body.address),
      rows([
        ['Suppressed', make('span', 'class', body.cause)], ['Since', body.since], ['Until', body.until ?? 'for ever'], ['Stream', body.stream ?? 'all'],
        ['Why', body.reason], ['It said', body.diagnostic], ['By', body.actor ?? body.source],
      ]),
      release(address, path));
  const { body: list } = await ask('v1/events?limit=1000&address=' + path);
  show(section, head, ...list.events.reverse().map((event) => card(event, [['Received', event.received_at], ['Came by', event.source]])));
}

function release(address, path) {
  const form = make('form', 'acts',
    make('input'), make('button', 'quiet', 'Take it off the list'));
  const reason = form.firstChild;
  reason.placeholder = 'why';
  reason.required = true;
  reason.setAttribute('aria-label', 'Why it is taken off');
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    answer(byId('address'), async () => {
      await ask('v1/suppressions/' + path + '?reason=' + encodeURIComponent(reason.value), { method: 'DELETE' });
      await look(address);
    });
  });
  return form;
}

byId('bounce').querySelector('form').addEventListener('submit', (event) => {
  event.preventDefault();
  const { text, file } = event.target.elements;
  const given = file.files[0] ?? text.value.replace(/^\s*\n/, '');
  if (given === '') return;
  answer(byId('bounce'), () => explain(given));
});
byId('address').querySelector('form').addEventListener('submit', (event) => {
  event.preventDefault();
  const address = event.target.elements.address.value.trim();
  if (address !== '') answer(byId('address'), () => look(address));
});
byId('token').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem('token', event.target.elements.token.value.trim());
  event.target.hidden = true;
});

function turn() {
  const wanted = location.hash === '#address' ? 'address' : 'bounce';
  for (const section of document.querySelectorAll('main > section')) section.classList.toggle('shown', section.id === wanted);
  for (const link of document.querySelectorAll('nav a'))
    if (link.hash === '#' + wanted) link.setAttribute('aria-current', 'page'); else link.removeAttribute('aria-current');
}
addEventListener('hashchange', turn);
turn();

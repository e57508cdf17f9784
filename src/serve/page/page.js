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

// Does what a button asks for; a fault is told at the place given.
async function answer(button, place, work) {
  button.disabled = true;
  try {
    await work();
  } catch (fault) {
    place.replaceChildren(make('p', 'fault', fault.message));
  } finally {
    button.disabled = false;
  }
}

function onSubmit(form, place, work) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    answer(event.submitter ?? form.querySelector('button'), place, work);
  });
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
  const told = make('div');
  onSubmit(form, told, async () => {
    await ask('v1/suppressions/' + path + '?reason=' + encodeURIComponent(reason.value), { method: 'DELETE' });
    await look(address);
  });
  return make('div', '', form, told);
}

async function unexplained() {
  const { body } = await ask('v1/triage?limit=50');
  const more = body.groups_in_all - body.groups.length;
  show(byId('unexplained'),
    make('p', '', body.events === 0 ? 'Nothing: every failure that is stored was explained.'
      : body.events + ' events in ' + body.groups_in_all + ' groups' + (more > 0 ? ', the ' + body.groups.length + ' largest:' : ':')),
    ...body.groups.map(group));
}

function group(one) {
  const causes = byId('causes').content.firstElementChild.cloneNode(true);
  const phrase = make('input');
  phrase.name = 'phrase';
  phrase.size = 30;
  phrase.placeholder = 'the words that say it (else chosen)';
  phrase.setAttribute('aria-label', 'The words that say it');
  const tried = make('div');
  const form = make('form', 'acts', causes, phrase, make('button', 'quiet', 'Try a rule'));
  onSubmit(form, tried, () => propose(one.group, { cause: causes.value, phrase: phrase.value }, tried, true));
  return make('article', 'soft',
    make('h3', '', one.text),
    rows([['Events', one.events + ' from ' + one.domains + (one.domains === 1 ? ' domain' : ' domains')], ['Seen', one.first_seen + ' to ' + one.last_seen],
      ['Taken for', one.decided], ['The last one', one.example]]),
    form, tried);
}

async function propose(id, wish, tried, dry) {
  const given = Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== ''));
  const { status, body } = await ask('v1/triage/' + id + '/rule' + (dry ? '' : '?dry_run=false'), {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(given),
  });
  if (status === 404) throw new Error(body?.detail);
  if (!dry) return unexplained();
  const install = make('button', '', 'Install it');
  install.addEventListener('click', () => answer(install, tried, () => propose(id, wish, tried, false)));
  tried.replaceChildren(
    make('pre', '', body.text),
    rows([['Cause', body.cause ?? 'to be said'], ['Why', body.why], ['Of ' + body.seen + ' stored', 'it explains ' + body.explains],
      ['Newly dead', body.newly_hard > 0 ? body.newly_hard + ' addresses' : null],
      ...[...body.faults, ...body.takes_examples, ...body.changes].map((fault) => ['But', make('span', 'fault', fault)])]),
    body.cause !== null && body.faults.length === 0 ? make('p', 'acts', install) : '');
  return undefined;
}

// Dimensions of /v1/stats, and how many lines of each are shown; days are in order, all others most first.
const TABLES = [['day', 400, 'By day'], ['cause', 40, 'By cause'], ['remote', 20, 'By who answered'], ['source', 20, 'By way in']];

async function numbers(days) {
  const since = new Date(Date.now() - (days - 1) * 86400000).toISOString().slice(0, 10);
  const counted = await Promise.all(TABLES.map(([by, limit]) => ask('v1/stats?by=' + by + '&limit=' + limit + '&since=' + since)));
  const { body: held } = await ask('v1/holds?limit=1');
  show(byId('numbers'),
    ...held.incidents.map((one) => make('article', 'soft', make('h3', '', 'Incident at ' + one.provider),
      rows([['Why', one.reason], ['Held back', one.holding + ' of ' + one.held + ' addresses'], ['Until', one.until],
        ['What to do', 'nixie holds --provider ' + one.provider]]))),
    ...TABLES.map(([by, , title], i) => table(title, by, counted[i].body.counts)));
}

function table(title, by, counts) {
  const most = Math.max(1, ...counts.map((count) => count.events));
  const lines = counts.map((count) => {
    const bar = make('progress');
    bar.max = most;
    bar.value = count.events;
    return make('tr', '', make('td', '', count[by] ?? 'none'), make('td', 'number', String(count.events)), make('td', '', bar));
  });
  return make('table', '', make('caption', '', title), make('tbody', '', ...lines.length > 0 ? lines : [make('tr', '', make('td', '', 'nothing'))]));
}

const ways = {
  bounce: async (form) => {
    const { text, file } = form.elements;
    const given = file.files[0] ?? text.value.replace(/^\s*\n/, '');
    if (given !== '') await explain(given);
  },
  address: async (form) => {
    const address = form.elements.address.value.trim();
    if (address !== '') await look(address);
  },
  unexplained,
  numbers: (form) => numbers(form.elements.days.valueAsNumber),
};
for (const [id, work] of Object.entries(ways)) {
  const form = byId(id).querySelector('form');
  onSubmit(form, byId(id).querySelector('.answer'), () => work(form));
}
byId('token').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem('token', event.target.elements.token.value.trim());
  event.target.hidden = true;
});

function turn() {
  const wanted = Object.hasOwn(ways, location.hash.slice(1)) ? location.hash.slice(1) : 'bounce';
  for (const section of document.querySelectorAll('main > section')) section.classList.toggle('shown', section.id === wanted);
  for (const link of document.querySelectorAll('nav a'))
    if (link.hash === '#' + wanted) link.setAttribute('aria-current', 'page'); else link.removeAttribute('aria-current');
}
addEventListener('hashchange', turn);
turn();

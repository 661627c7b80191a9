"use strict";
/*
 * The item explorer of the report.
 *
 * Addresses that open it; every NAME is percent-encoded (reports/explorer/links.py makes them):
 *
 *   #item=TASK/ID      opens one item
 *   #items?KEY=NAME&…  lists the items under these filters; a key that is not named has its default,
 *                      and a value that the page does not have is ignored
 *
 *   q         words that all occur in the item's id, task, tags, question, accepted answers or answers
 *   task      a task
 *   role      target | retention: the tasks of that role
 *   tag       a tag
 *   strategy  a strategy: `outcome` is then its own, and score, tokens and time are sorted by its own
 *   outcome   right | wrong | refused | error: of the strategy, or else of any
 *   a, b      two strategies (by default the incumbent and the first other one)
 *   flip      gained | lost | both-right | both-wrong: the change from a to b
 *   sort      disagreement (default) | item | task | score-low | score-high | tokens | latency
 *
 * Whatever a user or a model wrote arrives as base64 and reaches the page only as text: through `make`.
 */
{
  const ANSWERED = 1, RIGHT = 2, FAILED = 4, REFUSED = 8, MALFORMED = 16; // reports/explorer/items.py
  const CITED = 1, NAMED = 2, BLOCK = 200; // reports/explorer/details.py
  const ROW_REM = 3.5, SPARE_ROWS = 6, DIFF_WORDS = 500;
  const DEFAULTS = { q: "", task: "", role: "", tag: "", strategy: "", outcome: "", a: "", b: "", flip: "", sort: "disagreement" };

  const byId = id => document.getElementById(id);
  const form = byId("items-form"), status = byId("items-status"), keys = byId("items-keys"), dialog = byId("item");
  const table = byId("items-table"), heads = byId("items-heads"), list = byId("items-list"), rows = byId("items-rows");
  const language = document.documentElement.lang;
  const number = new Intl.NumberFormat(language), collator = new Intl.Collator(language, { numeric: true });
  const decimals = new Intl.NumberFormat(language, { maximumFractionDigits: 3 });
  const figure = value => value === null ? "–" : decimals.format(value);
  const percent = value => value >= 0 && value <= 1 && value !== null ? (100 * value).toFixed(1) : figure(value);

  let data; // the index: columns by item
  let searched; // by item: all words that a search looks at
  let order = [], ordered = ""; // all items as sorted, and by what
  let found = []; // the items found, as sorted
  let active = 0; // index into `found`
  let drawn = ""; // which rows are in the page
  let opened = -1; // the item whose details are shown
  const blocks = new Map(); // promises of unpacked blocks

  /* --- Elements and words --- */

  const make = (tag, attributes, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value !== false) element.setAttribute(name, value);
    element.append(...children.flat(Infinity).filter(child => child !== false));
    return element;
  };
  const worded = value => typeof value === "number" ? number.format(value) : value;
  const say = (key, filling = {}) => data.text[key].replace(/\{(\w+)\}/g, (_, name) => worded(filling[name]));
  const written = (words, kind = "p") => make(kind, { class: "items-text", dir: "auto" }, words);
  const apart = words => make("bdi", {}, words);
  const note = words => make("p", { class: "note" }, words);
  const spoken = words => make("span", { class: "items-spoken" }, words);
  const string = reference => data.strings[reference];

  /* --- Data --- */

  const unpack = async id => {
    const bytes = Uint8Array.from(atob(byId(id).textContent), character => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).json();
  };
  const unpackOnce = id => {
    if (!blocks.has(id)) blocks.set(id, unpack(id));
    return blocks.get(id);
  };

  /** The details of an item, and the function from a reference in them to its text; null where left out. */
  const detailsOf = async item => {
    const place = data.detail[item];
    if (place < 0) return null;
    const ids = ["items-shared", `items-block-${Math.floor(place / BLOCK)}`];
    const [shared, block] = await Promise.all(ids.map(unpackOnce));
    const text = reference => reference < shared.length ? shared[reference] : block.strings[reference - shared.length];
    return { ...block.items[place % BLOCK], text };
  };

  const taskOf = item => data.tasks[data.task[item]];
  const tagsOf = item => data.tagged[item].map(tag => data.tags[tag]);
  const outcome = (item, strategy) => data.results[strategy].outcome[item];
  const asked = item => data.results.filter(column => column.outcome[item] & ANSWERED);
  const sign = bits => !(bits & ANSWERED) ? ["–", "not_asked", "none"]
    : bits & FAILED ? ["!", "failed", "failed"] : bits & RIGHT ? ["✓", "right", "right"] : ["✗", "wrong", "wrong"];

  /* --- Finding --- */

  const folded = words => words.normalize("NFKC").toLowerCase();
  const searchable = item => folded([
    data.id[item], taskOf(item), ...tagsOf(item), string(data.input[item]), ...data.targets[item].map(string),
    ...new Set(data.results.map(column => string(column.answer[item]))),
  ].join("\n"));

  const disagreement = item => {
    const all = asked(item), right = all.filter(column => column.outcome[item] & RIGHT).length;
    return right * (all.length - right);
  };
  const mean = name => item => {
    const chosen = strategyOf("strategy");
    const columns = chosen < 0 ? data.results : [data.results[chosen]];
    const values = columns.map(column => column[name][item]).filter(value => value !== null);
    return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
  };
  const SORTS = new Map([
    ["disagreement", [disagreement, -1]], ["item", [item => data.id[item]]], ["task", [item => taskOf(item)]],
    ["score-low", [mean("score"), 1]], ["score-high", [mean("score"), -1]],
    ["tokens", [mean("tokens"), -1]], ["latency", [mean("latency_ms"), -1]],
  ]);

  const sort = () => {
    const by = `${form.sort.value} ${strategyOf("strategy")}`;
    if (by === ordered) return;
    const [key, sense] = SORTS.get(form.sort.value);
    const values = data.id.map((_, item) => key(item));
    const compare = sense ? (x, y) => (x === null) - (y === null) || sense * (x - y) : collator.compare;
    order = [...values.keys()].sort((x, y) => compare(values[x], values[y]));
    ordered = by;
  };

  const strategyOf = name => data.strategies.indexOf(form.elements[name].value);
  const OUTCOMES = {
    right: bits => bits & RIGHT, wrong: bits => bits & ANSWERED && !(bits & RIGHT), refused: bits => bits & REFUSED,
    malformed: bits => bits & MALFORMED,
    error: bits => bits & FAILED, "": bits => bits & ANSWERED,
  };
  const FLIPS = { gained: [0, 1], lost: [1, 0], "both-right": [1, 1], "both-wrong": [0, 0] };

  /** The conditions that an item must meet, as functions. */
  const conditions = () => {
    const wanted = [], words = folded(form.q.value).split(/\s+/).filter(Boolean);
    const task = data.tasks.indexOf(form.task.value), tag = data.tags.indexOf(form.tag.value);
    const strategy = strategyOf("strategy"), holds = OUTCOMES[form.outcome.value];
    if (task >= 0) wanted.push(item => data.task[item] === task);
    if (form.role.value) wanted.push(item => data.roles[data.task[item]] === form.role.value);
    if (tag >= 0) wanted.push(item => data.tagged[item].includes(tag));
    if (strategy >= 0) wanted.push(item => holds(outcome(item, strategy)));
    else if (form.outcome.value) wanted.push(item => data.results.some(column => holds(column.outcome[item])));
    if (form.flip.value) {
      const [a, b] = [strategyOf("a"), strategyOf("b")], [before, now] = FLIPS[form.flip.value];
      const is = (bits, right) => bits & ANSWERED && Boolean(bits & RIGHT) === Boolean(right);
      wanted.push(item => is(outcome(item, a), before) && is(outcome(item, b), now));
    }
    if (words.length) {
      searched ??= data.id.map((_, item) => searchable(item));
      wanted.push(item => words.every(word => searched[item].includes(word)));
    }
    return wanted;
  };

  const refresh = () => {
    const wanted = conditions();
    sort();
    found = order.filter(item => wanted.every(holds => holds(item)));
    status.textContent = found.length ? say("count", { n: found.length, all: order.length }) : say("nothing");
    table.hidden = !found.length;
    rows.style.height = `${found.length * ROW_REM}rem`;
    list.scrollTop = active = 0;
    draw(true);
  };

  /* --- The list: only the visible rows are in the page --- */

  const rowOf = place => {
    const item = found[place], targets = data.targets[item].map(string).join(" | ");
    const signs = data.strategies.map((_, strategy) => sign(outcome(item, strategy)));
    const told = data.strategies.map((name, strategy) => `${name}: ${say(signs[strategy][1])}`).join(", ");
    const row = make("div", { role: "option", id: `items-row-${place}`, class: "items-row" },
      make("span", { class: "items-what" },
        make("bdi", { class: "items-input" }, string(data.input[item])),
        make("span", { class: "items-id" },
          apart(taskOf(item)), " · ", apart(data.id[item]), targets !== "" && [" → ", apart(targets)])),
      make("span", { class: "items-signs" }, signs.map(([glyph, , kind]) => make("span", { class: `items-${kind}` }, glyph))));
    row.style.top = `${place * ROW_REM}rem`;
    row.ariaSetSize = found.length;
    row.ariaPosInSet = place + 1;
    row.ariaSelected = String(place === active);
    row.ariaLabel = `${taskOf(item)}, ${data.id[item]}: ${string(data.input[item])} ${told}`;
    return row;
  };

  const rowHeight = () => ROW_REM * parseFloat(getComputedStyle(document.documentElement).fontSize);
  const draw = anew => {
    const height = rowHeight();
    const first = Math.max(0, Math.floor(list.scrollTop / height) - SPARE_ROWS);
    const last = Math.min(found.length, Math.ceil((list.scrollTop + list.clientHeight) / height) + SPARE_ROWS);
    if (!anew && drawn === `${first} ${last}`) return;
    drawn = `${first} ${last}`;
    rows.replaceChildren(...Array.from({ length: last - first }, (_, n) => rowOf(first + n)));
    if (active >= first && active < last) list.setAttribute("aria-activedescendant", `items-row-${active}`);
    else list.removeAttribute("aria-activedescendant");
  };

  const activate = place => {
    active = Math.max(0, Math.min(found.length - 1, place));
    const height = rowHeight(), top = active * height;
    list.scrollTop = Math.max(Math.min(list.scrollTop, top), top + height - list.clientHeight);
    draw(true);
  };

  /* --- Differences --- */

  const segmenter = new Intl.Segmenter(language, { granularity: "word" });

  /** The words of a text, each with the white space after it. */
  const wordsOf = text => {
    const words = [];
    for (const { segment } of segmenter.segment(text)) {
      if (words.length && !segment.trim()) words[words.length - 1] += segment;
      else words.push(segment);
    }
    return words;
  };

  /** Steps from `before` to `after` by a longest common subsequence: ["=" | "-" | "+", words] in order. */
  const differences = (before, after) => {
    const width = after.length + 1, common = new Uint16Array((before.length + 1) * width);
    const same = (i, j) => before[i].trim() === after[j].trim();
    for (let i = before.length - 1; i >= 0; i--) {
      for (let j = after.length - 1; j >= 0; j--) {
        const cell = i * width + j;
        common[cell] = same(i, j) ? common[cell + width + 1] + 1 : Math.max(common[cell + width], common[cell + 1]);
      }
    }
    const steps = [];
    const add = (kind, word) => {
      if (steps.at(-1)?.[0] === kind) steps.at(-1)[1] += word;
      else steps.push([kind, word]);
    };
    for (let i = 0, j = 0; i < before.length || j < after.length;) {
      const cell = i * width + j;
      if (i < before.length && j < after.length && same(i, j)) {
        add("=", after[j]);
        i++;
        j++;
      } else if (j === after.length || i < before.length && common[cell + width] >= common[cell + 1]) add("-", before[i++]);
      else add("+", after[j++]);
    }
    return { steps, common: common[0] };
  };

  /** The answer against the accepted answer that it has most in common with. */
  const comparison = (answer, targets) => {
    if (targets.includes(answer)) return note(say("same"));
    const after = wordsOf(answer), all = targets.map(wordsOf).filter(words => words.length <= DIFF_WORDS);
    if (!all.length || after.length > DIFF_WORDS) return note(say("too_long"));
    const compared = all.map(before => {
      const { steps, common } = differences(before, after);
      return { steps, share: common / (before.length + after.length) };
    });
    const nearest = compared.reduce((best, each) => each.share > best.share ? each : best);
    const marked = (tag, words) =>
      make(tag, {}, spoken(` ${say(`spoken_${tag}`)} `), words, spoken(` ${say("spoken_end")} `));
    const shown = nearest.steps.map(([kind, words]) => kind === "=" ? words : marked(kind === "+" ? "ins" : "del", words));
    return make("p", { class: "items-text items-difference", dir: "auto" }, shown);
  };

  /* --- One item --- */

  const fact = (name, ...value) => make("div", {}, make("dt", {}, name), make("dd", {}, ...value));
  const folder = (title, parts, open) => make("details", { open: open && "" }, make("summary", {}, title), parts);
  const badges = bits => [sign(bits), ...(bits & REFUSED ? [["⊘", "refused", "refused"]] : []),
    ...(bits & MALFORMED ? [["≠", "malformed", "refused"]] : [])]
    .map(([glyph, key, kind]) => make("span", { class: `items-badge items-${kind}` }, `${glyph} ${say(key)}`));
  const time = ms => ms < 1000 ? say("milliseconds", { n: figure(ms) }) : say("seconds", { n: (ms / 1000).toFixed(2) });

  const message = ([role, pieces], text) => make("div", { class: "items-part" },
    make("p", { class: "muted" }, say(`role_${role}`)), written(pieces.map(text).join("")));

  const passage = ([place, title, words, score, marks], text) =>
    make("div", { class: `items-part${marks & CITED ? " items-cited" : ""}` },
      make("p", { class: "muted" }, `[${place}] `, apart(text(title)), ` · ${say("score")} ${figure(score)}`,
        (marks & CITED) > 0 && make("strong", {}, ` ★ ${say("cited")}`),
        (marks & NAMED) > 0 && make("strong", {}, ` ● ${say("named")}`)),
      written(text(words)));

  const choice = ([words, likelihood, bound], text) => {
    const value = figure(likelihood);
    return make("li", {}, apart(text(words)), ` ${bound ? say("at_most", { value }) : value}`);
  };

  /** What the index knows of an answer: its words against the accepted ones, or its error. */
  const told = (bits, words, judged, targets) => bits & FAILED
    ? make("div", { class: "items-error" }, make("h5", {}, say("error")), written(words))
    : [make("h5", {}, say("answer")), written(words || say("empty")),
      judged !== null && [make("h5", {}, say("judged")), written(judged)],
      bits & MALFORMED ? note(say("judged_nothing"))
        : [make("h5", {}, say("difference")), comparison(judged ?? words, targets)]];

  const figures = ({ scores = [], why = [], tokens, stop, examples }, text) => [
    scores.length > 0 && fact(say("scores"), scores.map(([n, score]) => `${data.metrics[n]} ${percent(score)}`).join(", ")),
    ...why.map(([n, words]) => fact(say("why", { metric: data.metrics[n] }), text(words))),
    tokens !== undefined && fact(say("tokens"),
      say("tokens_of", { prompt: tokens[0], cached: tokens[1], completion: tokens[2] })),
    stop !== undefined && fact(say("stop"), say(`stop_${stop}`)),
    examples !== undefined && fact(say("examples"), apart(examples.map(text).join(", "))),
  ];

  /** One request behind an answer (the first is shown with the prompt) and everything that came back. */
  const exchange = ([messages, samples], place, text) => [
    make("h5", {}, say(place ? "asked_then" : "asked_first", { n: place + 1 })),
    messages.map(each => message(each, text)),
    make("p", { class: "muted" }, say("came_back", { n: samples.length })),
    make("ol", {}, samples.map(each => make("li", {}, written(text(each) || say("empty"))))),
  ];

  /** The details of an answer: what it was made of, choices, passages, prompt. */
  const grounds = ({ n, seed = 0, cut = 0, exchanges, choices, passages, messages }, text) => [
    n > 1 && note(say("first_of", { n, seed: String(seed) })),
    exchanges !== undefined && folder(say("exchanges", { n: exchanges.length }),
      exchanges.map((each, place) => exchange(each, place, text)), false),
    choices !== undefined && folder(say("choices"), make("ol", {}, choices.map(each => choice(each, text))), true),
    cut > 0 && note(say("cut", { n: cut })),
    passages !== undefined && folder(say("passages", { n: passages.length }), passages.map(each => passage(each, text)), false),
    messages !== undefined && folder(say("prompt", { n: messages.length }), messages.map(each => message(each, text)), false),
  ];

  /** The answer or error of a strategy: whole from the details, or else as the index has it. */
  const wordsAt = (item, strategy, details) => {
    const answer = details?.answers[strategy];
    if (answer?.error) return answer.error.map(details.text).join(": ");
    return answer?.text === undefined ? string(data.results[strategy].answer[item]) : details.text(answer.text);
  };

  /** The part of an answer that is judged, or null if the whole answer is. */
  const judgedAt = (item, strategy) => {
    const judged = data.results[strategy].judged[item];
    return judged === null ? null : string(judged);
  };

  const answerOf = (item, strategy, targets, details) => {
    const column = data.results[strategy], bits = column.outcome[item], took = column.latency_ms[item];
    const answer = details?.answers[strategy], primary = `${data.primary[data.task[item]]} ${percent(column.score[item])}`;
    return make("article", { class: "items-answer" },
      make("h4", {}, apart(data.strategies[strategy])),
      data.models[strategy] !== undefined && make("p", { class: "muted" }, say("model", { model: data.models[strategy] })), badges(bits),
      (bits & ANSWERED) > 0 && [
        told(bits, wordsAt(item, strategy, details), judgedAt(item, strategy), targets),
        make("dl", {}, answer ? figures(answer, details.text) : fact(say("scores"), primary),
          took !== null && fact(say("latency"), time(took))),
      ],
      answer ? grounds(answer, details.text) : []);
  };

  const button = (key, does, enabled) => {
    const element = make("button", { type: "button" }, say(key));
    element.disabled = !enabled;
    element.addEventListener("click", does);
    return element;
  };

  const legend = () => {
    const [start, middle, end] = data.text.legend.split(/\{ins\}|\{del\}/);
    return note([start, make("ins", {}, say("legend_ins")), middle, make("del", {}, say("legend_del")), end]);
  };

  const headOf = (item, place) => make("header", { class: "items-head" },
    make("h3", { id: "item-title", tabindex: "-1" }, apart(taskOf(item)), " · ", apart(data.id[item])),
    make("span", { class: "muted" }, place < 0 ? say("not_listed") : say("position", { n: place + 1, all: found.length })),
    make("span", { class: "items-buttons" }, button("previous", () => step(-1), place > 0),
      button("next", () => step(1), place >= 0 && place < found.length - 1), button("close", close, true)));

  const bodyOf = (item, details) => {
    const text = details?.text, targets = details?.targets?.map(text) ?? data.targets[item].map(string);
    return make("div", { class: "items-body", tabindex: "0", role: "region", "aria-labelledby": "item-title" },
      make("h4", {}, say("question")),
      written(details?.input === undefined ? string(data.input[item]) : text(details.input)),
      make("dl", { class: "items-facts" },
        fact(say("target"), written(targets.join(" | ") || say("no_target"), "span")),
        tagsOf(item).length > 0 && fact(say("tags"), apart(tagsOf(item).join(", "))),
        details?.documents.length > 0 && fact(say("documents"), apart(details.documents.map(text).join(", ")))),
      details === null && make("p", { class: "warning" }, say("no_details")), legend(),
      make("div", { class: "items-answers", role: "group", "aria-label": say("answers") },
        data.strategies.map((_, strategy) => answerOf(item, strategy, targets, details))));
  };

  const show = async item => {
    opened = item;
    const details = await detailsOf(item), place = found.indexOf(item);
    if (opened !== item) return; // another was opened meanwhile
    const used = dialog.open && dialog.contains(document.activeElement) ? document.activeElement.textContent : "";
    dialog.replaceChildren(headOf(item, place), bodyOf(item, details));
    dialog.returnValue = "";
    if (!dialog.open) dialog.showModal();
    const again = [...dialog.querySelectorAll("button:enabled")].find(each => each.textContent === used);
    (again ?? byId("item-title")).focus();
    if (place >= 0) activate(place);
  };

  /* --- Addresses --- */

  const addressOf = item => `#item=${encodeURIComponent(taskOf(item))}/${encodeURIComponent(data.id[item])}`;
  const listAddress = () => {
    const values = Object.keys(DEFAULTS).map(name => [name, form.elements[name].value]);
    const filters = values.filter(([name, value]) => value !== DEFAULTS[name]);
    return filters.length ? `#items?${new URLSearchParams(filters)}` : "#items";
  };

  const itemAt = address => {
    try {
      const [task, id] = address.split("/").map(decodeURIComponent);
      return data.id.findIndex((own, item) => own === id && taskOf(item) === task);
    } catch { // a stray per cent sign
      return -1;
    }
  };

  const setFilters = wanted => {
    for (const name of Object.keys(DEFAULTS)) {
      const control = form.elements[name];
      control.value = wanted.get(name) ?? DEFAULTS[name];
      if (control.selectedIndex === -1) control.value = DEFAULTS[name]; // no such option
    }
  };

  const open = item => {
    history.pushState(null, "", addressOf(item));
    show(item);
  };
  const step = by => {
    const place = found.indexOf(opened) + by;
    if (opened < 0 || place < Math.max(0, by) || place >= found.length) return;
    history.replaceState(null, "", addressOf(found[place]));
    show(found[place]);
  };
  const leave = () => {
    opened = -1;
    dialog.close("left");
  };
  const close = () => {
    history.pushState(null, "", listAddress());
    leave();
    list.focus();
  };

  /** Do what the address says: when the page opens, when a link is followed, and on the way back. */
  const route = () => {
    const [address, rest] = location.hash.split(/(?<=^#item=|^#items\?)/);
    const item = address === "#item=" ? itemAt(rest ?? "") : -1;
    if (item >= 0) {
      show(item);
      return;
    }
    const wasOpen = dialog.open, before = listAddress();
    leave();
    if (address === "#items?") setFilters(new URLSearchParams(rest));
    if (listAddress() !== before) refresh();
    if (address === "#item=") status.textContent = say("unknown", { item: rest ?? "" });
    if (address.startsWith("#item") && !wasOpen) form.parentElement.scrollIntoView();
  };

  /* --- Keys and the beginning --- */

  const LIST_STEPS = new Map([
    ["ArrowDown", 1], ["j", 1], ["ArrowUp", -1], ["k", -1],
    ["PageDown", 8], ["PageUp", -8], ["Home", -Infinity], ["End", Infinity],
  ]);
  const ITEM_STEPS = new Map([["ArrowRight", 1], ["j", 1], ["ArrowLeft", -1], ["k", -1]]);

  const typed = event => {
    const single = event.key.length === 1;
    if (event.ctrlKey || event.metaKey || event.altKey || single && !keys.checked) return;
    const writing = event.target.matches("input:not([type=checkbox]), select, textarea, [contenteditable]");
    if (dialog.open) {
      if (ITEM_STEPS.has(event.key)) step(ITEM_STEPS.get(event.key));
    } else if (event.key === "/" && !writing) {
      event.preventDefault();
      form.q.focus();
    } else if (event.target === list && LIST_STEPS.has(event.key)) {
      event.preventDefault();
      activate(active + LIST_STEPS.get(event.key));
    } else if (event.target === list && event.key === "Enter") open(found[active]);
    else if (event.target === form.q && ["ArrowDown", "Enter"].includes(event.key)) {
      event.preventDefault();
      list.focus();
    } else if (event.target === form.q && event.key === "Escape") list.focus();
  };

  const listen = () => {
    form.addEventListener("input", () => {
      history.replaceState(null, "", listAddress());
      refresh();
    });
    form.addEventListener("submit", event => event.preventDefault());
    form.addEventListener("reset", event => {
      event.preventDefault();
      setFilters(new Map());
      history.replaceState(null, "", listAddress());
      refresh();
    });
    list.addEventListener("scroll", () => requestAnimationFrame(() => draw(false)), { passive: true });
    rows.addEventListener("click", event => {
      const row = event.target.closest("[role=option]");
      if (row) open(found[Number(row.getAttribute("aria-posinset")) - 1]);
    });
    dialog.addEventListener("close", () => {
      if (!dialog.open && dialog.returnValue === "") close(); // by Escape
    });
    addEventListener("keydown", typed);
    addEventListener("resize", () => draw(true));
    addEventListener("hashchange", route);
  };

  const start = async () => {
    data = await unpack("items-index");
    const offer = (name, values) => form.elements[name].append(...values.map(value => make("option", { value }, value)));
    offer("task", data.tasks);
    offer("tag", [...data.tags].sort(collator.compare));
    for (const name of ["strategy", "a", "b"]) offer(name, data.strategies);
    DEFAULTS.a = data.strategies[data.incumbent];
    DEFAULTS.b = data.strategies.find((_, strategy) => strategy !== data.incumbent) ?? DEFAULTS.a;
    setFilters(new Map());
    heads.append(...data.strategies.map(apart));
    form.hidden = false;
    listen();
    refresh();
    route();
  };

  start().catch(() => { status.textContent = status.dataset.unsupported; });
}

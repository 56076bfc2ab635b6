/* The report page.  Data come as JSON in #data; texts of the table only ever become text nodes and attribute values. */
(function () {
    'use strict';

    const PAGE_ROWS = 50, DRAWN_POINTS = 20000, COLOURS = 8, MANY_FRONTS = 40, NAMED_FRONTS = 3, NAMED_ABSENT = 20, DRAWN_RANGES = 80, PRINTED_COLUMNS = 24,
        QUALITY_TIE = 0.3; // points, ES_QUALITY_TIE of src/model/quality.h
    const data = JSON.parse(document.getElementById('data').textContent);
    const $ = id => document.getElementById(id);

    function element(name, properties, ...children) {
        const node = Object.assign(document.createElement(name), properties);
        node.append(...children);
        return node;
    }

    // ---- Columns ----

    const columns = data.columns;
    const named = Object.create(null);
    const MORE_IS_BETTER = new Set(['decode_tok_s', 'prefill_tok_s', 'tokens_per_j', 'quality', 'quality_retained', 'fits',
        'tokens_per_s']);
    const AXES = /^(prompt|gen|depth|batch|nodes|ubatch|kv_bits|seq_len|(device|model|precision)\..+)$/;

    columns.forEach((column, index) => {
        column.index = index;
        if (!(column.name in named)) named[column.name] = column;
        column.varies = column.words ? column.words.length > 1 : data.rows > 1;
        column.label = column.unit && column.unit !== '' ? column.name + ' [' + column.unit + ']' : column.name;
        column.isAxis = AXES.test(column.name);
        column.scale = null;
        if (column.isAxis && column.values) encode(column);
    });

    // Axes are grouped by: distinct values and which of them each row has.
    function encode(column) {
        const places = new Map();
        column.codes = column.values.map(number => {
            if (!places.has(number)) places.set(number, places.size);
            return places.get(number);
        });
        column.words = [...places.keys()];
        column.varies = column.words.length > 1;
        delete column.values;
    }

    // The columns that hold 10% and 90% of what a speed, a time or a quality may be.
    function range(column) {
        const low = named[column.name + '_low'], high = named[column.name + '_high'];
        return low && high && low.numeric && high.numeric ? [low, high] : null;
    }
    const isBound = column => /_(low|high)$/.test(column.name) && named[column.name.replace(/_(low|high)$/, '')] !== undefined;

    function value(column, row) {
        if (column.values) return column.values[row];
        return column.words[column.codes ? column.codes[row] : 0];
    }

    // Numbers of a column, NaN where there is none.
    function numbers(column) {
        if (column.numbers) return column.numbers;
        const list = new Float64Array(data.rows);
        if (column.values) {
            for (let i = 0; i < data.rows; i++) list[i] = column.values[i] === null ? NaN : column.values[i];
        } else {
            const words = column.words.map(word => typeof word === 'number' ? word : NaN);
            for (let i = 0; i < data.rows; i++) list[i] = words[column.codes ? column.codes[i] : 0];
        }
        return column.numbers = list;
    }

    const numeric = columns.filter(column => column.numeric && (column.values || column.words.some(word => word !== null)));
    const metrics = numeric.filter(column => column.varies);
    const texts = columns.filter(column => !column.numeric);
    const groupable = texts.concat(numeric.filter(column => column.isAxis && column.words && column.words.length <= 40))
        .filter(column => column.words);

    function format(number) {
        if (number === null || Number.isNaN(number)) return '';
        const size = Math.abs(number);
        if (Number.isInteger(number) && size < 1e6) return String(number);
        if (size >= 1e6 && size < 1e15) {
            const power = Math.floor(Math.log10(size) / 3);
            return Number((number / 10 ** (3 * power)).toPrecision(4)) + ['', 'k', 'M', 'G', 'T'][power];
        }
        return size >= 1e15 || size < 1e-4 ? number.toExponential(3) : String(Number(number.toPrecision(4)));
    }
    function show(column, row) {
        const cell = value(column, row);
        return typeof cell === 'number' ? format(cell) : cell === null ? '' : cell;
    }
    // In tables all bytes of a column are in one unit; elsewhere each number has its own.
    function scale(column) {
        if (column.scale === null) {
            let high = 0;
            if (column.unit === 'B' && column.numeric) for (const number of numbers(column)) if (number > high) high = number;
            const power = high >= 1e9 ? 3 : high >= 1e6 ? 2 : 0;
            column.scale = {by: 1000 ** power, label: power ? column.name + ' [' + ['', 'k', 'M', 'G'][power] + 'B]' : column.label};
        }
        return column.scale;
    }
    function cellText(column, row) {
        const number = value(column, row);
        const short = typeof number === 'number' && (scale(column).by > 1 || range(column)); // as exact as they can be
        return short ? format(Number((number / scale(column).by).toPrecision(3))) : show(column, row);
    }
    function withUnit(column, row) {
        const text = show(column, row), bytes = column.unit === 'B' && /[kMGT]$/.test(text);
        return text === '' || !column.unit ? text : bytes ? text.slice(0, -1) + ' ' + text.slice(-1) + 'B' : text + ' ' + column.unit;
    }
    function parse(text) {
        const match = /^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*(k|M|G|T|Ki|Mi|Gi|Ti)?\s*$/i.exec(text);
        if (!match) return NaN;
        const suffix = (match[2] || '').toLowerCase();
        const power = suffix ? 'kmgt'.indexOf(suffix[0]) + 1 : 0;
        return Number(match[1]) * (suffix.length === 2 ? 1024 : 1000) ** power;
    }

    // ---- State ----

    const state = {choices: new Map(), conditions: [], selection: null, zoom: null, sort: null, page: 0};
    let rows = [];     // that pass the filters
    let selected = []; // of these, the ones in the selection

    const OPERATORS = {'\u2264': (a, b) => a <= b, '\u2265': (a, b) => a >= b, '=': (a, b) => a === b,
        '\u2260': (a, b) => a !== b, '<': (a, b) => a < b, '>': (a, b) => a > b};

    function filterRows() {
        const choices = [...state.choices], tests = state.conditions.map(condition =>
            ({list: numbers(condition.column), holds: OPERATORS[condition.operator], limit: condition.value}));
        const kept = [];
        next: for (let row = 0; row < data.rows; row++) {
            for (const [column, wanted] of choices) if (!wanted.has(column.codes ? column.codes[row] : 0)) continue next;
            for (const test of tests) if (!test.holds(test.list[row], test.limit)) continue next;
            kept.push(row);
        }
        return kept;
    }
    function selectRows() {
        if (!state.selection) return rows;
        const box = state.selection, x = numbers(box.x), y = numbers(box.y);
        return rows.filter(row => x[row] >= box.x0 && x[row] <= box.x1 && y[row] >= box.y0 && y[row] <= box.y1);
    }

    // ---- Choosers ----

    function fill(select, list, chosen, none) {
        select.replaceChildren();
        if (none) select.append(element('option', {value: '', textContent: none}));
        for (const column of list)
            select.append(element('option', {value: String(column.index), textContent: column.label, title: column.help || ''}));
        select.value = chosen ? String(chosen.index) : none ? '' : select.value;
    }
    const chosen = select => select.value === '' ? null : columns[Number(select.value)];
    const firstOf = (list, ...names) => {
        for (const name of names) if (named[name] && list.includes(named[name])) return named[name];
        return null;
    };

    // ---- Filters ----

    function addChoice(column) {
        const all = column.words.length;
        const boxes = [], holder = element('div', {className: 'choice'});
        const summary = element('summary', {});
        const update = () => {
            const on = boxes.filter(box => box.checked);
            if (on.length === all) state.choices.delete(column);
            else state.choices.set(column, new Set(on.map(box => Number(box.value))));
            summary.textContent = column.name + ' (' + (on.length === all ? all : on.length + ' of ' + all) + ')';
        };
        const order = column.words.map((word, code) => code);
        if (!column.numeric) order.sort((a, b) => String(column.words[a]).localeCompare(column.words[b], 'en', {numeric: true}));
        for (const code of order) {
            const box = element('input', {type: 'checkbox', checked: true, value: String(code)});
            box.addEventListener('change', () => { update(); refilter(); });
            boxes.push(box);
            holder.append(element('label', {}, box, ' ' + (column.words[code] === '' ? '(empty)' : column.words[code])));
        }
        const search = element('input', {type: 'search', placeholder: 'search', size: 12});
        search.setAttribute('aria-label', 'Search ' + column.name);
        const matches = box => box.parentNode.textContent.toLowerCase().includes(search.value.toLowerCase());
        search.addEventListener('input', () => boxes.forEach(box => { box.parentNode.hidden = !matches(box); }));
        const setAll = on => { boxes.forEach(box => { box.checked = on && matches(box); }); update(); refilter(); };
        const button = (text, act) => {
            const node = element('button', {type: 'button', textContent: text});
            node.addEventListener('click', act);
            return node;
        };
        const only = button('Only found', () => setAll(true));
        only.title = 'Choose those that the search finds';
        update();
        $('choices').append(element('details', {}, summary, search, ' ', only, ' ',
            button('All', () => { search.value = ''; boxes.forEach(box => { box.parentNode.hidden = false; }); setAll(true); }),
            ' ', button('None', () => setAll(false)), holder));
        return () => { search.value = ''; boxes.forEach(box => { box.checked = true; box.parentNode.hidden = false; }); update(); };
    }

    function showConditions() {
        $('conditions').replaceChildren(...state.conditions.map((condition, i) => {
            const remove = element('button', {type: 'button', textContent: 'Remove'});
            const text = condition.column.name + ' ' + condition.operator + ' ' + format(condition.value);
            remove.setAttribute('aria-label', 'Remove ' + text);
            remove.addEventListener('click', () => { state.conditions.splice(i, 1); showConditions(); refilter(); });
            return element('li', {}, element('span', {textContent: text}), remove);
        }));
    }
    let resetChoices = [];
    function beginFilters() {
        fill($('condition-column'), numeric, firstOf(numeric, 'peak_memory_bytes', 'end_to_end_ms'));
        for (const name of Object.keys(OPERATORS)) $('condition-operator').append(element('option', {textContent: name}));
        resetChoices = groupable.filter(column => column.words.length > 1 && column.words.length <= 1000).map(addChoice);
        $('condition').addEventListener('submit', event => {
            const limit = parse($('condition-value').value);
            event.preventDefault();
            $('condition-value').setCustomValidity(Number.isNaN(limit) ? 'a number such as 8, 0.5, 4G or 4e9' : '');
            if (!$('condition-value').reportValidity()) return;
            state.conditions.push({column: chosen($('condition-column')), operator: $('condition-operator').value, value: limit});
            showConditions();
            refilter();
        });
        $('condition-value').addEventListener('input', () => $('condition-value').setCustomValidity(''));
        $('clear').addEventListener('click', () => {
            state.conditions = [];
            resetChoices.forEach(reset => reset());
            showConditions();
            refilter();
        });
        // Points that do not fit are no answers.
        if (named.fits && named.fits.numeric && named.fits.varies)
            state.conditions.push({column: named.fits, operator: '=', value: 1});
        showConditions();
    }

    // ---- Tables ----

    // "name [unit]": the unit on a line of its own; long names break behind an underscore.
    const pieces = name => name.split(/(?<=_)(?=[^_]{3})|(?<= )/);
    function label(text) {
        const at = text.lastIndexOf(' ['), name = at < 0 ? text : text.slice(0, at);
        const nodes = pieces(name).flatMap((part, i) => i > 0 ? [element('wbr', {}), part] : [part]);
        return at < 0 ? nodes : [...nodes, ' ', element('span', {className: 'unit', textContent: text.slice(at + 1)})];
    }
    function makeTable(table, header, body) {
        const head = element('tr', {}, ...header.map(cell => cell.node || element('th',
            {className: cell.number ? 'number' : '', title: cell.title || '', scope: 'col'}, ...label(cell.text))));
        table.replaceChildren(element('thead', {}, head), element('tbody', {}, ...body.map(row => element('tr', {},
            ...row.map((cell, i) => element('td', {className: header[i].number ? 'number' : ''}, cell))))));
    }

    // What a table needs across, in the font that it is drawn in; on narrow screens texts wrap.
    const pen = document.createElement('canvas').getContext('2d');
    const narrow = () => innerWidth < 700;
    function widthOf(column, sample) {
        const across = text => pen.measureText(text).width;
        const [name, unit] = scale(column).label.split(' ['), head = Math.max(...pieces(name).map(part => across(part) * 1.1), across(unit || ''));
        const body = Math.max(0, ...sample.map(row => across(cellText(column, row))));
        const most = column.numeric ? body : Math.min(body, narrow() ? 72 : 320);
        return Math.max(head, most, range(column) ? narrow() ? 44 : 56 : 0) + (narrow() ? 12 : 20);
    }
    // The columns that fit, the important ones first, in that order.
    function fitting(list, sample, room) {
        let used = 0;
        pen.font = (narrow() ? '12px ' : '13px ') + getComputedStyle(document.body).fontFamily;
        return list.filter((column, i) => {
            const width = widthOf(column, sample);
            if (i > 0 && used + width > room) return false;
            used += width;
            return true;
        });
    }
    const IMPORTANT = ['decode_tok_s', 'ttft_s', 'peak_memory_bytes', 'quality', 'end_to_end_ms', 'energy_j_per_token', 'energy_j',
        'power_w', 'bottleneck', 'basis', 'evidence'];
    // Who a row is, what decides, what people ask for, then the rest as the table has it.
    function byImportance(front, decides) {
        const who = ['device', 'model', 'precision', 'runtime', 'prompt', 'gen', 'depth', 'batch', 'kv_bits', 'seq_len'].map(name => named[name])
            .concat(columns.filter(column => /^(device|model|precision)\./.test(column.name))).filter(column => column && column.varies);
        const first = [...front, ...who.filter(column => /^(device|model|precision)$/.test(column.name)), ...decides, ...who, ...IMPORTANT.map(name => named[name])];
        return first.concat(columns.filter(column => column.varies && !isBound(column)), columns.filter(column => column.varies))
            .filter((column, i, all) => column && all.indexOf(column) === i);
    }

    // ---- Ranges as bars: from low (10%) to high (90%), the number as a mark, on one scale for the column ----

    function bars(column, list) {
        const bounds = range(column);
        if (!bounds) return null;
        const [low, high] = bounds.map(numbers), middle = numbers(column);
        let from = Infinity, to = -Infinity;
        for (const row of list) for (const end of [low[row], middle[row], high[row]]) {
            if (end < from) from = end;
            if (end > to) to = end;
        }
        const log = from > 0 && to > 30 * from, size = log ? Math.log(to / from) : to - from;
        const place = end => size > 0 ? 100 * (log ? Math.log(end / from) : end - from) / size : 50;
        return row => {
            if (!(high[row] >= low[row])) return null;
            const bar = element('span', {className: 'range', title: format(low[row]) + ' to ' + format(high[row]) + ' (80% of cases)'});
            const part = (name, left, right) => {
                const node = element('i', {className: name});
                node.style.left = left + '%';
                if (right !== undefined) node.style.width = Math.max(1, right - left) + '%';
                bar.append(node);
            };
            part('span', place(low[row]), place(high[row]));
            part('mark', place(middle[row]));
            return bar;
        };
    }

    // ---- Best ----

    const better = column => MORE_IS_BETTER.has(column.name);
    const orderOf = column => column.name + (better(column) ? ', highest' : ', lowest');

    // What [best] of the sweep asks, from the provenance: {by, objectives}.
    function asked() {
        const section = /(?:^|\n)\[best\]([^[]*)/.exec(String(data.meta.sweep || '')), list = {by: [], objectives: []};
        for (const [, key, names] of (section ? section[1] : '').matchAll(/(?:^|\n)\s*(by|maximize|minimize)\s*=\s*([^#\n]*)/g))
            for (const name of names.split(',')) list[key === 'by' ? 'by' : 'objectives'].push(name.trim());
        return list;
    }
    function beginBest() {
        const {by, objectives} = asked();
        const first = firstOf(metrics, ...objectives, 'quality', 'decode_tok_s', 'end_to_end_ms') || metrics.find(column => !column.isAxis);
        fill($('best-by'), groupable, firstOf(groupable, ...by, 'device', 'model') || groupable[0], 'all rows');
        for (const id of ['best-objective', 'best-second']) {
            fill($(id), metrics, null, id === 'best-second' ? 'nothing' : null);
            for (const option of $(id).options) if (option.value !== '') option.textContent = orderOf(columns[Number(option.value)]);
            $(id).addEventListener('change', () => { drawBest(); drawTable(); });
        }
        if (first) $('best-objective').value = String(first.index);
        const second = first && firstOf(metrics.filter(column => column !== first), ...objectives, 'decode_tok_s', 'energy_j', 'energy_j_per_token');
        if (second) $('best-second').value = String(second.index);
        $('best-by').addEventListener('change', drawBest);
    }

    // The best row of each group.  Where quality decides, formats of one model within QUALITY_TIE points are a tie, broken by
    // the next objective, as `best --pick precision` does.
    function bestRows(by, objectives) {
        const lists = objectives.map(numbers), signs = objectives.map(column => better(column) ? -1 : 1);
        const pick = objectives[0].name === 'quality' && named.model && named.precision !== by ? named.precision : null;
        const compare = (a, b, from) => {
            for (let k = from; k < lists.length; k++) {
                const difference = signs[k] * (lists[k][a] - lists[k][b]);
                if (difference !== 0 && !Number.isNaN(difference)) return difference;
            }
            return 0;
        };
        const groups = new Map();
        for (const row of rows) {
            if (Number.isNaN(lists[0][row])) continue;
            const group = by && by.codes ? by.codes[row] : 0, format = pick && pick.codes ? pick.codes[row] : 0;
            if (!groups.has(group)) groups.set(group, new Map());
            const held = groups.get(group).get(format);
            if (held === undefined || compare(row, held, 0) < 0) groups.get(group).set(format, row);
        }
        const list = [...groups.values()].map(formats => {
            const sorted = [...formats.values()].sort((a, b) => compare(a, b, 0) || a - b), first = sorted[0];
            const ties = !pick ? [first] : sorted.filter(row => value(named.model, row) === value(named.model, first) &&
                lists[0][first] - lists[0][row] < QUALITY_TIE);
            return ties.reduce((held, row) => compare(row, held, 1) < 0 ? row : held);
        });
        return list.sort((a, b) => signs[0] * (lists[0][a] - lists[0][b]) || a - b);
    }

    function drawBest() {
        const by = chosen($('best-by')), first = chosen($('best-objective')), second = chosen($('best-second'));
        if (!first) { $('best').hidden = true; return; }
        const list = bestRows(by, second ? [first, second] : [first]);
        const bandwidth = !narrow() && named.decode_bytes && named.bottleneck && named.decode_bytes.numeric;
        const shown = fitting(byImportance(by ? [by] : [], second ? [first, second] : [first]).filter(column => !isBound(column)),
            list, $('best').clientWidth - (bandwidth ? 100 : 0));
        const header = shown.map(column => ({text: scale(column).label, number: column.numeric, title: column.help}));
        const drawn = shown.map(column => bars(column, list));
        if (bandwidth) header.push({text: '1 GB/s buys [tokens/s]', number: true,
            title: 'further tokens/s per GB/s of effective memory bandwidth, 1e9/decode_bytes, where memory is the bottleneck'});
        makeTable($('best-table'), header, list.map(row => {
            const cells = shown.map((column, i) => {
                const bar = drawn[i] && drawn[i](row), text = cellText(column, row);
                return bar ? element('span', {}, text, bar) : text;
            });
            if (bandwidth) cells.push(value(named.bottleneck, row) === 'memory' ? '+' + format(Number((1e9 / value(named.decode_bytes, row)).toPrecision(3))) : '0');
            return cells;
        }));
        $('best-note').textContent = 'Among the ' + rows.length.toLocaleString('en') + ' rows that pass the filters: ' + orderOf(first) +
            (second ? ', then ' + orderOf(second) : '') + '.' + (drawn.some(Boolean) ? ' Bars: the range that 80% of measurements lie in.' : '');
        drawAbsent(by, first, new Set(list.map(row => by && by.codes ? by.codes[row] : 0)));
    }

    // ---- Why some have no row ----

    // What keeps most rows of a value out, and the row that comes nearest to passing it.
    function whyAbsent(list, first) {
        const tests = [...state.choices].map(([column, wanted]) => ({text: column.name + ' is not among the chosen', fails: row =>
            !wanted.has(column.codes ? column.codes[row] : 0)}));
        for (const condition of state.conditions) {
            const all = numbers(condition.column), holds = OPERATORS[condition.operator];
            tests.push({text: 'fails ' + condition.column.name + ' ' + condition.operator + ' ' + format(condition.value), column: condition.column,
                off: row => Math.abs(all[row] - condition.value), fails: row => !holds(all[row], condition.value)});
        }
        tests.push({text: 'no value of ' + first.name + missingBecause(first), fails: row => Number.isNaN(numbers(first)[row])});
        for (const test of tests) test.failed = [];
        for (const row of list) { const test = tests.find(one => one.fails(row)); if (test) test.failed.push(row); }
        const worst = tests.reduce((held, test) => test.failed.length > held.failed.length ? test : held);
        const near = worst.off ? worst.failed.reduce((held, row) => worst.off(row) < worst.off(held) ? row : held, worst.failed[0]) : undefined;
        return [worst.text + ' (' + worst.failed.length.toLocaleString('en') + ' of ' + list.length.toLocaleString('en') + ' rows)',
            near === undefined ? '' : who(near) + ': ' + withUnit(worst.column, near)];
    }
    const REASONS = {quality: 'no score of the model, published or estimated', energy_j_per_token: 'no power reading of the board',
        power_w: 'no power reading of the board', tokens_per_j: 'no power reading of the board', st: 'no power reading of the board',
        usd_per_mtok: 'no price or power of the board'};
    const missingBecause = column => REASONS[column.name] ? ': ' + REASONS[column.name] : '';
    const who = row => ['model', 'precision'].map(name => named[name]).filter(Boolean).map(column => show(column, row)).join(' ');

    function drawAbsent(by, first, present) {
        const groups = new Map(), body = [];
        if (by && by.words) by.words.forEach((word, code) => { if (!present.has(code)) groups.set(code, []); });
        if (groups.size > 0) for (let row = 0; row < data.rows; row++) {
            const list = groups.get(by.codes ? by.codes[row] : 0);
            if (list) list.push(row);
        }
        for (const [code, list] of groups) body.push([String(by.words[code]), ...whyAbsent(list, first)]);
        for (const absent of by && by.name === 'device' ? data.absent : []) body.push(absent);
        const more = by && by.name === 'device' ? data.n_absent - data.absent.length : 0;
        $('absent').hidden = body.length === 0;
        if (body.length === 0) return;
        $('absent').querySelector('summary').textContent = 'No row for ' + (body.length + more).toLocaleString('en') + ' of the ' +
            (by.words.length + (by.name === 'device' ? data.n_absent : 0)).toLocaleString('en') + ' ' + by.name + 's: why';
        makeTable($('absent').querySelector('table'), [{text: by.name}, {text: 'why'}, {text: 'nearest'}], body);
    }

    // ---- Chart ----

    let chart = null, drawn = [], focus = -1;
    const style = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

    function beginChart() {
        const pairs = [['decode_tok_s', 'quality'], ['tpot_s', 'energy_j_per_token'], ['end_to_end_ms', 'energy_j']];
        const [firstX, firstY] = pairs.find(pair => pair.every(name => firstOf(metrics, name))) || ['peak_memory_bytes', ''];
        const x = firstOf(metrics, firstX) || metrics.find(column => !column.isAxis) || metrics[0];
        const y = firstOf(metrics, firstY) || metrics.find(column => column !== x && !column.isAxis) || metrics[0];
        fill($('x'), numeric, x);
        fill($('y'), numeric, y);
        fill($('colour'), groupable, firstOf(groupable.filter(column => column.varies), 'precision', 'model', 'device'), 'one');
        fill($('front-by'), groupable, null, 'all rows');
        $('front-by').prepend(element('option', {value: 'none', textContent: 'no front'}));
        const front = firstOf(groupable.filter(column => column.varies && column.words.length <= 20), 'device', 'model');
        $('front-by').value = front ? String(front.index) : '';
        for (const [id, column] of [['x', x], ['y', y]]) $(id + '-log').checked = wide(column);
        for (const id of ['x', 'y']) $(id).addEventListener('change', () => { $(id + '-log').checked = wide(chosen($(id))); reset(); });
        for (const id of ['x-log', 'y-log', 'colour', 'front-by', 'ranges']) $(id).addEventListener('change', reset);
        $('deselect').addEventListener('click', reset);
        $('zoom').addEventListener('click', () => { state.zoom = state.selection; drawChart(); });
        $('save-png').addEventListener('click', savePng);
        $('save-csv').addEventListener('click', saveCsv);
        let width = innerWidth;
        addEventListener('resize', () => { if (innerWidth !== width) { width = innerWidth; drawChart(); drawBest(); drawTable(); } });
    }
    function reset() { state.selection = state.zoom = null; reselect(); drawChart(); }

    // More than a factor of 30 between the smallest and the largest: logarithmic to begin with.
    function wide(column) {
        let low = Infinity, high = -Infinity;
        if (!column) return false;
        for (const number of numbers(column)) if (number < low) low = number;
        for (const number of numbers(column)) if (number > high) high = number;
        return low > 0 && high > 30 * low;
    }

    function extent(list, among, log) {
        let low = Infinity, high = -Infinity;
        for (const row of among) {
            const number = list[row];
            if (log && !(number > 0)) continue;
            if (number < low) low = number;
            if (number > high) high = number;
        }
        if (!(high >= low)) return log ? [1, 10] : [0, 1];
        if (log) { const pad = Math.max((high / low) ** 0.04, 1.05); return [low / pad, high * pad]; }
        const pad = (high - low || Math.abs(high) || 1) * 0.04;
        return [low - pad, high + pad];
    }

    // Rows of the front of x and y in each group, by x: sort once, keep what improves y.
    function fronts(among, x, y, by) {
        const xs = numbers(x), ys = numbers(y), sx = better(x) ? -1 : 1, sy = better(y) ? -1 : 1, groups = new Map();
        for (const row of among) {
            if (Number.isNaN(xs[row]) || Number.isNaN(ys[row])) continue;
            const group = by && by.codes ? by.codes[row] : 0;
            if (!groups.has(group)) groups.set(group, []);
            groups.get(group).push(row);
        }
        for (const [group, list] of groups) {
            list.sort((a, b) => sx * (xs[a] - xs[b]) || sy * (ys[a] - ys[b]));
            let best = Infinity, at = NaN;
            groups.set(group, list.filter(row => {
                const level = sy * ys[row];
                if (!(level < best) && !(level === best && xs[row] === at)) return false;
                best = level;
                at = xs[row];
                return true;
            }));
        }
        return groups;
    }

    // A number in [0, 1) for a row, the same every time: regular steps would miss values of an axis.
    function chance(row) {
        let hash = Math.imul(row + 1, 0x9e3779b1);
        hash = Math.imul(hash ^ hash >>> 15, 0x85ebca6b);
        hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
        return ((hash ^ hash >>> 16) >>> 0) / 2 ** 32;
    }

    // All of the front and a sample of the rest.
    function thin(list, front) {
        if (list.length <= DRAWN_POINTS) return list;
        const keep = new Set();
        for (const rowsOfGroup of front.values()) for (const row of rowsOfGroup) keep.add(row);
        const share = Math.max(DRAWN_POINTS - keep.size, DRAWN_POINTS / 2) / list.length;
        return list.filter(row => chance(row) < share || keep.has(row));
    }

    // The colours of a column go to its most frequent values; others share the last.
    function colouring(column, list) {
        if (!column) return {name: () => 'rows', of: () => 0, n: 1};
        const count = new Map();
        for (const row of list) {
            const code = column.codes ? column.codes[row] : 0;
            count.set(code, (count.get(code) || 0) + 1);
        }
        let codes = [...count.keys()];
        if (codes.length > COLOURS) codes = codes.sort((a, b) => count.get(b) - count.get(a)).slice(0, COLOURS - 1);
        codes.sort((a, b) => a - b);
        const place = new Map(codes.map((code, i) => [code, i])), others = count.size > codes.length;
        return {
            n: codes.length + (others ? 1 : 0),
            of: row => { const at = place.get(column.codes ? column.codes[row] : 0); return at === undefined ? codes.length : at; },
            name: i => i < codes.length ? String(column.words[codes[i]]) : count.size - codes.length + ' others',
            isOthers: i => i >= codes.length
        };
    }

    function paintPoints(colour, isOthers) {
        return (u, series) => {
            const [xs, ys] = u.data[series], context = u.ctx, size = (xs.length > 5000 ? 1.6 : xs.length > 500 ? 2.4 : 3.4) * devicePixelRatio;
            context.save();
            context.beginPath();
            context.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
            context.clip();
            context.fillStyle = colour;
            context.globalAlpha = isOthers ? 0.5 : 0.85;
            const many = xs.length > 2000; // squares in one path are quicker
            context.beginPath();
            for (let i = 0; i < xs.length; i++) {
                const left = u.valToPos(xs[i], 'x', true), top = u.valToPos(ys[i], 'y', true);
                if (many) { context.rect(left - size, top - size, 2 * size, 2 * size); continue; }
                context.beginPath();
                context.arc(left, top, size, 0, 7);
                context.fill();
            }
            if (many) context.fill();
            context.restore();
            return null;
        };
    }

    function paintFronts(u, groups, x, y) {
        const xs = numbers(x), ys = numbers(y), context = u.ctx;
        context.save();
        context.beginPath();
        context.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
        context.clip();
        context.strokeStyle = style('--soft');
        context.lineWidth = 1.2 * devicePixelRatio;
        for (const list of groups.values()) {
            context.beginPath();
            let last = 0;
            list.forEach((row, i) => {
                const left = u.valToPos(xs[row], 'x', true), top = u.valToPos(ys[row], 'y', true);
                if (i === 0) context.moveTo(left, top);
                else { context.lineTo(left, last); context.lineTo(left, top); }
                last = top;
            });
            context.stroke();
        }
        context.restore();
    }

    // The model of each point of few fronts or of fronts of models, once for points next to each other, where no other name stands.
    function paintNames(u, groups, ofModels, x, y) {
        const model = named.model, context = u.ctx, unit = devicePixelRatio, taken = [];
        delete $('chart').dataset.names;
        if (!model || !model.codes || model.words.length < 2 || groups.size === 0 || (groups.size > NAMED_FRONTS && !ofModels)) return;
        const xs = numbers(x), ys = numbers(y), right = u.bbox.left + u.bbox.width;
        context.save();
        context.font = 11 * unit + 'px system-ui';
        context.textAlign = 'left';
        context.textBaseline = 'bottom';
        context.lineJoin = 'round';
        context.lineWidth = 3 * unit;
        context.strokeStyle = style('--paper');
        context.fillStyle = style('--ink');
        for (const list of groups.values()) list.forEach((row, i) => {
            if (i > 0 && model.codes[list[i - 1]] === model.codes[row]) return;
            const name = model.words[model.codes[row]], width = context.measureText(name).width;
            const bottom = u.valToPos(ys[row], 'y', true) - 4 * unit, point = u.valToPos(xs[row], 'x', true) + 5 * unit;
            const left = Math.min(point, right - width), box = [left, bottom - 12 * unit, left + width, bottom];
            if (point > right || point < u.bbox.left || box[1] < u.bbox.top || bottom > u.bbox.top + u.bbox.height ||
                taken.some(other => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3])) return;
            taken.push(box);
            context.strokeText(name, left, bottom);
            context.fillText(name, left, bottom);
        });
        context.restore();
        $('chart').dataset.names = String(taken.length);
    }

    // The rows whose ranges are drawn: all of few, else those of the fronts, when these are few.
    function ranged(sample, groups, x, y) {
        if (!range(x) && !range(y)) return [];
        const front = [...groups.values()].flat();
        return sample.length <= DRAWN_RANGES ? sample : front.length <= DRAWN_RANGES ? front : [];
    }
    function paintRanges(u, list, x, y) {
        const context = u.ctx, xs = numbers(x), ys = numbers(y), [xr, yr] = [x, y].map(column => (range(column) || []).map(numbers));
        const at = (number, axis) => u.valToPos(u.scales[axis].distr === 3 ? Math.max(number, u.scales[axis].min) : number, axis, true);
        context.save();
        context.beginPath();
        context.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
        context.clip();
        context.strokeStyle = style('--ink');
        context.globalAlpha = 0.3;
        context.lineWidth = 1 * devicePixelRatio;
        context.beginPath();
        for (const row of list) {
            const left = at(xs[row], 'x'), top = at(ys[row], 'y');
            if (xr[0] && xr[1][row] >= xr[0][row]) { context.moveTo(at(xr[0][row], 'x'), top); context.lineTo(at(xr[1][row], 'x'), top); }
            if (yr[0] && yr[1][row] >= yr[0][row]) { context.moveTo(left, at(yr[0][row], 'y')); context.lineTo(left, at(yr[1][row], 'y')); }
        }
        context.stroke();
        context.restore();
    }

    // 1, 2, 5 of each decade, fewer when there are many decades.
    function logSplits(low, high) {
        const decades = Math.log10(high / low), list = [];
        const step = Math.max(1, Math.ceil(decades / 8)), digits = decades > (narrow() ? 2 : 4) ? [1] : [1, 2, 5];
        for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power += step)
            for (const digit of digits) {
                const tick = Number(digit + 'e' + power);
                if (tick >= low && tick <= high) list.push(tick);
            }
        return list.length > 1 ? list : [low, Math.sqrt(low * high), high];
    }

    function axisOptions(column, side, log) {
        return {stroke: style('--ink'), grid: {stroke: style('--line'), width: 1}, ticks: {stroke: style('--line'), width: 1},
            label: column.label + (better(column) ? ' (more is better)' : ''), labelSize: 24, size: side ? 66 : 44,
            ...(log ? {splits: (u, axis, low, high) => logSplits(low, high), filter: (u, splits) => splits} : {}),
            values: (u, splits) => splits.map(split => split === null ? '' : format(split)), font: '12px system-ui', labelFont: '13px system-ui'};
    }

    function drawChart() {
        const x = chosen($('x')), y = chosen($('y')), log = {x: $('x-log').checked, y: $('y-log').checked};
        if (chart) chart.destroy();
        chart = null;
        focus = -1;
        $('tip').hidden = true;
        $('explore').hidden = !x || !y;
        if (!x || !y) return;
        const xs = numbers(x), ys = numbers(y);
        const visible = rows.filter(row => (log.x ? xs[row] > 0 : !Number.isNaN(xs[row])) && (log.y ? ys[row] > 0 : !Number.isNaN(ys[row])));
        const frontBy = $('front-by').value;
        const groups = frontBy === 'none' ? new Map() : fronts(visible, x, y, frontBy === '' ? null : columns[Number(frontBy)]);
        const sample = thin(visible, groups), colours = colouring(chosen($('colour')), visible);
        const lists = Array.from({length: colours.n}, () => []);
        for (const row of sample) lists[colours.of(row)].push(row);
        drawn = lists.flat();
        const zoom = state.zoom && state.zoom.x === x && state.zoom.y === y ? state.zoom : null;
        const span = {x: zoom ? [zoom.x0, zoom.x1] : extent(xs, visible, log.x), y: zoom ? [zoom.y0, zoom.y1] : extent(ys, visible, log.y)};
        const whole = $('ranges').checked ? ranged(sample, groups, x, y) : [];
        for (const [key, column] of [['x', x], ['y', y]]) if (!zoom) for (const end of range(column) || []) {
            const [low, high] = extent(numbers(end), whole, log[key]);
            if (whole.length) span[key] = [Math.min(span[key][0], low), Math.max(span[key][1], high)];
        }
        const tint = i => style('--c' + (colours.isOthers && colours.isOthers(i) ? 7 : i % COLOURS));
        const options = {
            mode: 2, width: $('chart').clientWidth, height: Math.max(320, Math.min(520, innerHeight * 0.6)), legend: {show: false},
            scales: {x: {time: false, auto: false, distr: log.x ? 3 : 1, range: () => span.x},
                y: {auto: false, distr: log.y ? 3 : 1, range: () => span.y}},
            axes: [axisOptions(x, 0, log.x), axisOptions(y, 1, log.y)],
            cursor: {points: {show: false}, drag: {x: true, y: true, uni: 12, setScale: false}, dataIdx: () => null},
            series: [{}, ...lists.map((list, i) => ({facets: [{scale: 'x', auto: true}, {scale: 'y', auto: true}],
                paths: paintPoints(tint(i), colours.isOthers && colours.isOthers(i))}))],
            hooks: {
                draw: [u => { paintFronts(u, groups, x, y); paintRanges(u, whole, x, y); paintNames(u, groups, columns[Number(frontBy)] === named.model, x, y); }],
                setSelect: [u => brush(u, x, y)]
            }
        };
        chart = new uPlot(options, [null, ...lists.map(list => [list.map(row => xs[row]), list.map(row => ys[row])])], $('chart'));
        $('chart').dataset.points = String(sample.length);
        watchPointer(chart, x, y);
        $('legend').replaceChildren(...lists.map((list, i) => {
            const mark = element('i', {});
            mark.style.background = tint(i);
            return element('span', {}, mark, colours.name(i));
        }));
        $('chart-note').textContent = chartNote(visible, sample, groups, frontBy, whole, x, y, log);
        $('chart-note').classList.toggle('warn', sample.length < visible.length);
    }

    function chartNote(visible, sample, groups, frontBy, whole, x, y, log) {
        let note = '';
        for (const list of groups.values()) note = note || (list.length ? 'Lines: front of the two columns, ' + (frontBy === '' ? 'of all rows' :
            'per ' + columns[Number(frontBy)].name) + '. ' : '');
        if (sample.length < visible.length)
            note += sample.length.toLocaleString('en') + ' of ' + visible.length.toLocaleString('en') +
                ' points are drawn: all of the fronts and a random sample of the rest; tables use all rows. ';
        if (whole.length) note += 'Bars: the ranges that 80% of measurements lie in' + (whole.length < sample.length ? ', of the fronts' : '') + '. ';
        else if ($('ranges').checked && (range(x) || range(y))) note += 'Ranges are drawn of up to ' + DRAWN_RANGES + ' points: filter or zoom. ';
        if (visible.length < rows.length) note += noPlace(x, log.x) + (y === x ? '' : noPlace(y, log.y));
        if (groups.size > MANY_FRONTS) note += groups.size + ' fronts: filter or choose another column to tell them apart. ';
        return note;
    }

    // How many rows an axis has no place for, whose they are, and why.
    function noPlace(column, log) {
        const all = numbers(column), lacking = rows.filter(row => Number.isNaN(all[row])), low = log ? rows.filter(row => all[row] <= 0).length : 0;
        let note = low ? low.toLocaleString('en') + ' rows have no place on a logarithmic axis: ' + column.name + ' is not above 0. ' : '';
        if (lacking.length === 0) return note;
        let whose = '';
        for (const entity of ['model', 'device', 'precision', 'runtime'].map(name => named[name]).filter(one => one && one.codes)) {
            const without = new Set(lacking.map(row => entity.codes[row]));
            if (whose || rows.some(row => !Number.isNaN(all[row]) && without.has(entity.codes[row]))) continue;
            const names = [...without].map(code => entity.words[code]);
            whose = ' (' + names.slice(0, NAMED_ABSENT).join(', ') + (names.length > NAMED_ABSENT ? ' and ' + (names.length - NAMED_ABSENT) + ' more ' + entity.name + 's' : '') + ')';
        }
        return note + lacking.length.toLocaleString('en') + ' rows have no place: no ' + column.name + missingBecause(column) + whose + '. ';
    }

    function brush(u, x, y) {
        const box = u.select;
        if (box.width < 4 && box.height < 4) return;
        state.selection = {x, y, x0: u.posToVal(box.left, 'x'), x1: u.posToVal(box.left + box.width, 'x'),
            y0: u.posToVal(box.top + box.height, 'y'), y1: u.posToVal(box.top, 'y')};
        reselect();
    }

    // ---- Pointer and keys: the nearest drawn point, by cells of 16 pixels ----

    function watchPointer(u, x, y) {
        const xs = numbers(x), ys = numbers(y), cells = new Map(), CELL = 16;
        const left = row => u.valToPos(xs[row], 'x'), top = row => u.valToPos(ys[row], 'y');
        const key = (i, j) => i * 65536 + j;
        const index = () => drawn.forEach((row, i) => {
            const at = key(Math.floor(left(row) / CELL), Math.floor(top(row) / CELL));
            if (!cells.has(at)) cells.set(at, []);
            cells.get(at).push(i);
        });
        const nearest = (px, py) => {
            let found = -1, reach = CELL * CELL;
            if (cells.size === 0) index();
            for (let i = Math.floor(px / CELL) - 1; i <= px / CELL + 1; i++)
                for (let j = Math.floor(py / CELL) - 1; j <= py / CELL + 1; j++)
                    for (const k of cells.get(key(i, j)) || []) {
                        const distance = (left(drawn[k]) - px) ** 2 + (top(drawn[k]) - py) ** 2;
                        if (distance < reach) { reach = distance; found = k; }
                    }
            return found;
        };
        let order = null;
        const go = place => {
            focus = Math.max(0, Math.min(drawn.length - 1, place));
            const row = drawn[order[focus]], box = u.over.getBoundingClientRect();
            tell(row, x, y, box.left + left(row), box.top + top(row));
            $('announce').textContent = describe(row, x, y);
        };
        u.over.tabIndex = 0;
        u.over.setAttribute('role', 'application');
        u.over.setAttribute('aria-label', 'Chart of ' + y.name + ' against ' + x.name + ', ' + drawn.length + ' points; arrow keys go from point to point');
        u.over.addEventListener('mousemove', event => {
            const box = u.over.getBoundingClientRect(), found = nearest(event.clientX - box.left, event.clientY - box.top);
            if (found < 0) $('tip').hidden = true;
            else tell(drawn[found], x, y, event.clientX, event.clientY);
        });
        // Where nothing hovers the first touch tells six lines and the second all.
        let touched = -1;
        u.over.addEventListener('click', event => {
            const box = u.over.getBoundingClientRect(), found = nearest(event.clientX - box.left, event.clientY - box.top);
            const again = found === touched || !matchMedia('(hover: none)').matches;
            touched = found;
            if (found >= 0 && again && u.select.width < 4 && u.select.height < 4) tellAll(drawn[found]);
        });
        u.over.addEventListener('mouseleave', () => { $('tip').hidden = true; });
        u.over.addEventListener('blur', () => { $('tip').hidden = true; });
        u.over.addEventListener('dblclick', reset);
        u.over.addEventListener('keydown', event => {
            const steps = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1};
            if (event.key === 'Escape') reset();
            if (event.key === 'Enter' && order && focus >= 0) {
                event.preventDefault(); // else it presses the button that closes
                tellAll(drawn[order[focus]]);
            }
            if (!(event.key in steps) && event.key !== 'Home' && event.key !== 'End') return;
            event.preventDefault();
            if (drawn.length === 0) return;
            order = order || drawn.map((row, i) => i).sort((a, b) => xs[drawn[a]] - xs[drawn[b]] || ys[drawn[a]] - ys[drawn[b]]);
            go(event.key === 'Home' ? 0 : event.key === 'End' ? drawn.length - 1 : focus + steps[event.key]);
        });
    }

    function describe(row, x, y) {
        const who = ['device', 'model', 'precision'].map(name => named[name]).filter(Boolean).map(column => show(column, row)).join(', ');
        return who + ': ' + x.label + ' ' + show(x, row) + ', ' + y.label + ' ' + show(y, row);
    }

    // Six lines: who it is, the two axes, what else people ask for.
    function tell(row, x, y, left, top) {
        const name = list => list.map(key => named[key]).filter(column => column && show(column, row) !== '').map(column => show(column, row)).join(', ');
        const list = [x, y, ...IMPORTANT.map(key => named[key])].filter((column, i, all) => column && !column.isAxis &&
            all.indexOf(column) === i && show(column, row) !== '').slice(0, 4);
        const lines = [name(['model', 'precision']), name(['device', 'runtime'])].filter(Boolean)
            .map(text => element('tr', {}, element('th', {textContent: text, colSpan: 2, className: 'who'})));
        for (const column of list) {
            const bounds = range(column), span = bounds && bounds.map(end => show(end, row));
            lines.push(element('tr', {}, element('th', {textContent: column.name, scope: 'row'}), element('td', {textContent:
                withUnit(column, row) + (span && span[0] ? ' (' + span[0] + ' to ' + span[1] + ')' : '')})));
        }
        const tip = $('tip');
        tip.replaceChildren(element('table', {}, element('tbody', {}, ...lines)), element('div', {className: 'note',
            textContent: matchMedia('(hover: none)').matches ? 'touch again for all columns' : 'click or Enter: all columns'}));
        tip.hidden = false;
        const box = tip.getBoundingClientRect();
        tip.style.left = Math.max(4, Math.min(left + 16 + box.width > innerWidth ? left - box.width - 16 : left + 16, innerWidth - box.width - 4)) + 'px';
        tip.style.top = Math.max(4, Math.min(top + 16, innerHeight - box.height - 4)) + 'px';
    }

    // Every column of a row, those that never change last.
    function tellAll(row) {
        const list = columns.filter(column => column.varies).concat(columns.filter(column => !column.varies))
            .filter(column => show(column, row) !== '');
        $('tip').hidden = true;
        makeTable($('all-table'), [{text: 'column'}, {text: 'value', number: true}, {text: 'meaning'}],
            list.map(column => [column.name, withUnit(column, row), column.help || '']));
        $('all').showModal();
    }

    // ---- Saving ----

    function save(blob, name) {
        const link = element('a', {href: URL.createObjectURL(blob), download: name});
        document.body.append(link);
        link.click();
        link.remove();
        setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    }
    const stem = () => data.title.replace(/^.*\//, '').replace(/\.[^.]*$/, '') || 'report';

    function savePng() {
        if (!chart) return;
        const source = chart.ctx.canvas, canvas = element('canvas', {width: source.width, height: source.height});
        const context = canvas.getContext('2d');
        context.fillStyle = style('--paper');
        context.fillRect(0, 0, canvas.width, canvas.height);
        context.drawImage(source, 0, 0);
        canvas.toBlob(blob => save(blob, stem() + '.png'), 'image/png');
    }
    function saveCsv() {
        const cell = text => /[",\r\n]|^\s|\s$/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
        const lines = [columns.map(column => cell(column.name)).join(',')];
        for (const row of selected) lines.push(columns.map(column => {
            const content = value(column, row);
            return content === null ? '' : typeof content === 'number' ? String(content) : cell(content);
        }).join(','));
        save(new Blob([lines.join('\n') + '\n'], {type: 'text/csv'}), stem() + '.selection.csv');
    }

    // ---- Figure 3 of arXiv 2506.09061 ----

    const PANELS = [['memory_ms', 'memory latency'], ['io_ms', 'storage I/O'], ['h2d_ms', 'host to device'],
        ['net_ms', 'network, one KV shard'], ['end_to_end_ms', 'end to end per token'], ['energy_j', 'energy per token']];
    const hasPanels = () => ['device', 'precision', 'model'].every(name => named[name] && named[name].words) &&
        PANELS.every(([name]) => named[name] && named[name].numeric);

    function svg(name, attributes, ...children) {
        const node = document.createElementNS('http://www.w3.org/2000/svg', name);
        for (const key in attributes) node.setAttribute(key, attributes[key]);
        node.append(...children);
        return node;
    }

    function panel([name, title], letter, list) {
        const column = named[name], all = numbers(column), devices = named.device, precisions = named.precision;
        const onlyOnce = new Map();
        for (const row of list) {
            const key = (devices.codes ? devices.codes[row] : 0) + ' ' + (precisions.codes ? precisions.codes[row] : 0);
            if (!onlyOnce.has(key)) onlyOnce.set(key, row);
        }
        const groups = [...new Set([...onlyOnce.keys()].map(key => Number(key.split(' ')[0])))];
        const hues = [...new Set([...onlyOnce.keys()].map(key => Number(key.split(' ')[1])))];
        const high = Math.max(...[...onlyOnce.values()].map(row => all[row]).filter(number => !Number.isNaN(number)), 1e-300);
        const width = 330, height = 210, floor = height - 34, slot = (width - 20) / Math.max(1, groups.length);
        const bar = slot * 0.86 / Math.max(1, hues.length);
        const figure = svg('svg', {viewBox: '0 0 ' + width + ' ' + height, role: 'img', 'aria-label': title});
        figure.append(svg('text', {x: width / 2, y: 14, 'text-anchor': 'middle', 'font-weight': 'bold'},
            '(' + letter + ') ' + title + ' [' + (column.unit || '') + ']'));
        for (const [key, row] of onlyOnce) {
            const [group, hue] = key.split(' ').map(Number), tall = all[row] / high * (floor - 40);
            const left = 10 + groups.indexOf(group) * slot + slot * 0.07 + hues.indexOf(hue) * bar;
            const box = svg('rect', {x: left, y: floor - tall, width: bar * 0.9, height: Math.max(0, tall), 'data-value': all[row]},
                svg('title', {}, devices.words[group] + ', ' + precisions.words[hue] + ': ' + format(all[row])));
            box.style.fill = 'var(--c' + hues.indexOf(hue) % COLOURS + ')';
            const label = svg('text', {x: left + bar * 0.45, y: floor - tall - 3, 'text-anchor': 'middle'}, format(Number(all[row].toPrecision(3))));
            label.style.fontSize = Math.min(9, bar * 0.42) + 'px';
            figure.append(box, label);
        }
        groups.forEach((group, i) => {
            const words = String(devices.words[group]).split(' '), half = Math.ceil(words.length / 2);
            [words.slice(0, half), words.slice(half)].forEach((part, line) => figure.append(svg('text',
                {x: 10 + (i + 0.5) * slot, y: floor + 13 + 12 * line, 'text-anchor': 'middle'}, part.join(' '))));
        });
        figure.append(svg('line', {x1: 10, x2: width - 10, y1: floor, y2: floor, stroke: 'currentColor'}));
        return figure;
    }

    function beginPanels() {
        if (!hasPanels()) return;
        $('figure3').hidden = false;
        document.querySelector('nav a[href="#figure3"]').hidden = false;
        named.model.words.forEach((word, code) => $('figure3-model').append(element('option', {value: String(code), textContent: word})));
        $('figure3-model').addEventListener('change', drawPanels);
    }
    function drawPanels() {
        if ($('figure3').hidden) return;
        const wanted = Number($('figure3-model').value), model = named.model;
        const list = rows.filter(row => (model.codes ? model.codes[row] : 0) === wanted);
        const hues = [...new Set(list.map(row => named.precision.codes ? named.precision.codes[row] : 0))];
        const legend = element('div', {className: 'note'});
        hues.forEach((hue, i) => {
            const mark = element('span', {textContent: '\u25a0 '});
            mark.style.color = 'var(--c' + i % COLOURS + ')';
            legend.append(mark, String(named.precision.words[hue]) + '\u2003');
        });
        const once = named.seq_len && named.seq_len.varies ? ' Several contexts: the first one of the table.' : '';
        $('panels').replaceChildren(...PANELS.map((one, i) => panel(one, 'abcdef'[i], list)), element('div', {}, legend,
            element('p', {className: 'note', textContent: 'Values of the kernel edgeprofiler, arXiv 2506.09061.' + once})));
    }

    // ---- What more of an axis buys: doubling one, all others held ----

    // Rows that differ in the axis only, next to each other along it.
    function neighbours(axis) {
        const groups = new Map(), xs = numbers(axis), pairs = [];
        const others = columns.filter(column => column !== axis && column.codes && column.varies &&
            (column.isAxis || ['model', 'device', 'runtime', 'precision'].includes(column.name)));
        const small = others.reduce((size, column) => size * column.words.length, 1) < 2 ** 53;
        for (const row of rows) {
            if (!(xs[row] > 0)) continue;
            const key = small ? others.reduce((sum, column) => sum * column.words.length + column.codes[row], 0)
                : others.map(column => column.codes[row]).join(' ');
            const list = groups.get(key);
            if (list) list.push(row);
            else groups.set(key, [row]);
        }
        for (const list of groups.values()) {
            list.sort((a, b) => xs[a] - xs[b]);
            for (let i = 1; i < list.length; i++)
                if (xs[list[i]] > xs[list[i - 1]]) pairs.push([list[i - 1], list[i]]);
        }
        return pairs;
    }
    function slopes(pairs, axis, metric) {
        const steps = [], xs = numbers(axis), ys = numbers(metric);
        for (const [a, b] of pairs)
            if (ys[a] > 0 && ys[b] > 0) steps.push(Math.log(ys[b] / ys[a]) / Math.log(xs[b] / xs[a]));
        return Float64Array.from(steps).sort();
    }

    // Tokens/s by one more GB/s of effective bandwidth, where memory is the bottleneck: each decode step reads decode_bytes.
    function bandwidthBuys() {
        if (!named.decode_bytes || !named.bottleneck || !named.decode_bytes.numeric || !metrics.includes(named.decode_tok_s)) return [];
        const bytes = numbers(named.decode_bytes), gains = [];
        for (const row of rows) if (value(named.bottleneck, row) === 'memory' && bytes[row] > 0) gains.push(1e9 / bytes[row]);
        const list = Float64Array.from(gains).sort(), text = gain => '+' + format(gain) + ' tokens/s';
        return list.length ? [['1 GB/s more effective memory bandwidth', 'decode_tok_s', text(list[list.length >> 1]),
            text(list[0]) + ' to ' + text(list[list.length - 1]), list.length.toLocaleString('en')]] : [];
    }
    const change = slope => { const percent = (2 ** slope - 1) * 100; return (percent >= 0 ? '+' : '') + Number(percent.toPrecision(2)) + '%'; };

    function drawBuys() {
        const axes = numeric.filter(column => column.isAxis && column.words && column.words.length > 1);
        const goals = ['decode_tok_s', 'ttft_s', 'end_to_end_ms', 'energy_j_per_token', 'energy_j', 'peak_memory_bytes']
            .map(name => named[name]).filter(column => column && metrics.includes(column));
        const body = bandwidthBuys(), atOnce = body.length > 0;
        for (const axis of axes) {
            const pairs = neighbours(axis);
            for (const goal of goals) {
                const steps = slopes(pairs, axis, goal);
                if (steps.length && (Math.abs(steps[0]) > 1e-9 || Math.abs(steps[steps.length - 1]) > 1e-9)) body.push(['twice the ' + axis.name, goal.name, change(steps[steps.length >> 1]),
                    change(steps[0]) + ' to ' + change(steps[steps.length - 1]), steps.length.toLocaleString('en')]);
            }
        }
        makeTable($('buys-table'), [{text: 'this'}, {text: 'changes'}, {text: 'by (median)', number: true},
            {text: 'from, to', number: true}, {text: 'cases', number: true}], body);
        $('buys-table').hidden = body.length === 0;
        $('buys-note').textContent = 'Rows that pass the filters. ' +
            (atOnce ? 'A byte of bandwidth: each token reads decode_bytes, so tokens/s grow by 1/decode_bytes for each byte/s where memory is the bottleneck, and nowhere else; the last column of "Best" has it, where the screen is wide enough. ' : '') +
            (body.length > atOnce ? 'Doubling an axis: its neighbouring values with all other axes equal, scaled to a doubling. '
                : 'A sweep with device.mem_bw_gbs = x1, x2, x4 shows what twice the bandwidth buys. ') + bottlenecks();
    }
    function bottlenecks() {
        const column = named.bottleneck;
        if (!column || !column.words || rows.length === 0) return '';
        const count = column.words.map(() => 0);
        for (const row of rows) count[column.codes ? column.codes[row] : 0]++;
        return 'Bottlenecks: ' + count.map((n, code) => [n, column.words[code]]).filter(([n]) => n).sort((a, b) => b[0] - a[0])
            .map(([n, word]) => word + ' ' + (100 * n / rows.length).toFixed(n === rows.length ? 0 : 1) + '%').join(', ') +
            '. Only more of the bottleneck makes a row faster.';
    }

    // ---- What the answers rest on: elasticities of the best choices of the sweep ----

    function beginEffects() {
        const choices = [...new Set(data.answers.map(answer => answer.choice))].sort((a, b) => a.localeCompare(b, 'en', {numeric: true}));
        if (choices.length === 0) return;
        $('effects').hidden = false;
        document.querySelector('nav a[href="#effects"]').hidden = false;
        for (const choice of choices) $('effects-of').append(element('option', {textContent: choice}));
        for (const metric of new Set(data.answers.map(answer => answer.metric))) $('effects-metric').append(element('option', {textContent: metric}));
        const speed = ['decode_tok_s', 'end_to_end_ms'].find(name => data.answers.some(answer => answer.metric === name));
        if (speed) $('effects-metric').value = speed;
        for (const id of ['effects-of', 'effects-metric']) $(id).addEventListener('change', drawEffects);
        drawEffects();
    }
    function drawEffects() {
        const answer = data.answers.find(one => one.choice === $('effects-of').value && one.metric === $('effects-metric').value);
        const column = named[$('effects-metric').value], unit = column && column.unit ? ' ' + column.unit : '';
        $('effects-note').textContent = !answer ? 'No number of this choice changes ' + $('effects-metric').value + '.'
            : answer.metric + ' = ' + format(answer.value) + unit + '. Bars: by how many percent it changes when the input grows by 1%. ' +
            'Inputs that are not shown have next to no effect.';
        const most = answer ? Math.max(...answer.effects.map(effect => Math.abs(effect.per_percent))) : 1;
        $('effects-bars').replaceChildren(...(answer ? answer.effects : []).map(effect => {
            const bar = element('i', {className: effect.per_percent < 0 ? 'less' : 'more'}), size = 50 * Math.abs(effect.per_percent) / most;
            bar.style.width = size + '%';
            bar.style.left = (effect.per_percent < 0 ? 50 - size : 50) + '%';
            return element('li', {}, element('span', {className: 'input'}, ...label(effect.input), ' ', element('span', {className: 'soft', textContent:
                effect.value === null ? 'by type' : format(effect.value) + (effect.unit ? ' ' + effect.unit : '')})),
            element('span', {className: 'bar'}, bar), element('span', {className: 'number',
                textContent: (effect.per_percent < 0 ? '\u2212' : '+') + Math.abs(effect.per_percent).toFixed(2) + '%'}));
        }));
    }

    // ---- Rows ----

    // Rows in the order of the answer until a header is pressed.
    function inOrder(list) {
        const sort = state.sort, sign = sort && sort.down ? -1 : 1;
        const keys = sort ? [{column: sort.column, sign}]
            : [chosen($('best-objective')), chosen($('best-second'))].filter(Boolean).map(column => ({column, sign: better(column) ? -1 : 1}));
        const ranks = keys.map(({column}) => {
            if (column.numeric) return numbers(column);
            const place = new Map(column.words.map((word, code) => [word, code])
                .sort((a, b) => String(a[0]).localeCompare(b[0], 'en', {numeric: true})).map(([, code], i) => [code, i]));
            return Float64Array.from({length: data.rows}, (_, row) => place.get(column.codes ? column.codes[row] : 0));
        });
        return [...list].sort((a, b) => {
            for (let k = 0; k < keys.length; k++) { // empty cells last
                const p = ranks[k][a], q = ranks[k][b], gap = Number.isNaN(p) || Number.isNaN(q) ? Number.isNaN(p) - Number.isNaN(q) : keys[k].sign * (p - q);
                if (gap !== 0) return gap;
            }
            return a - b;
        });
    }
    function drawTable() {
        const list = inOrder(selected), wanted = $('columns').value, top = list.slice(state.page * PAGE_ROWS, (state.page + 1) * PAGE_ROWS);
        const decides = [chosen($('best-objective')), chosen($('best-second')), state.sort && state.sort.column].filter(Boolean);
        const varying = columns.filter(column => column.varies);
        const shown = wanted === 'all' ? columns : wanted === 'vary' || varying.length === 0 ? varying
            : fitting(byImportance([], decides).filter(column => column.varies), top, $('rows').clientWidth);
        $('rows').classList.toggle('wide', shown.length > PRINTED_COLUMNS);
        const pages = Math.max(1, Math.ceil(list.length / PAGE_ROWS));
        state.page = Math.min(state.page, pages - 1);
        const first = state.page * PAGE_ROWS;
        makeTable($('table'), shown.map(column => ({number: column.numeric, node: headerCell(column)})),
            list.slice(first, first + PAGE_ROWS).map(row => shown.map(column => cellText(column, row))));
        $('page').textContent = list.length === 0 ? 'no rows' : (first + 1).toLocaleString('en') + '\u2013' +
            Math.min(first + PAGE_ROWS, list.length).toLocaleString('en') + ' of ' + list.length.toLocaleString('en');
        $('previous').disabled = state.page === 0;
        $('next').disabled = state.page >= pages - 1;
    }
    function headerCell(column) {
        const sorted = state.sort && state.sort.column === column, button = element('button', {type: 'button',
            title: column.help || 'sort'}, sorted ? state.sort.down ? '\u25bc ' : '\u25b2 ' : '', ...label(scale(column).label));
        const cell = element('th', {className: column.numeric ? 'number' : '', scope: 'col'}, button);
        if (sorted) cell.setAttribute('aria-sort', state.sort.down ? 'descending' : 'ascending');
        button.addEventListener('click', () => {
            state.sort = {column, down: sorted && !state.sort.down};
            state.page = 0;
            drawTable();
            const again = [...$('table').querySelectorAll('th')].find(other => other.hasAttribute('aria-sort'));
            if (again) again.firstChild.focus();
        });
        return cell;
    }

    // ---- Provenance ----

    function drawProvenance() {
        const facts = [['table', data.title], ['report made by', data.command + ' (edgesweep ' + data.version + ')']];
        for (const key of Object.keys(data.meta)) facts.push([key, String(data.meta[key])]);
        if (Object.keys(data.meta).length === 0) facts.push(['provenance', 'no .meta.json beside the table: unknown']);
        const same = columns.filter(column => !column.varies && column.words && show(column, 0) !== '');
        if (same.length) facts.push(['the same in all rows', same.map(column => column.name + ' ' + withUnit(column, 0)).join(', ')]);
        makeTable($('provenance-table'), [{text: 'what'}, {text: 'value'}], facts);
        const basis = named.basis;
        if (basis && basis.words) {
            const count = basis.words.map(() => 0);
            for (let row = 0; row < data.rows; row++) count[basis.codes ? basis.codes[row] : 0]++;
            const meaning = {axis: 'set by the sweep', calibrated: 'fitted to measurements of the device',
                device: 'given for the device in the catalog', 'class': 'typical of the class of the device'};
            makeTable($('basis-table'), [{text: 'basis of the utilizations'}, {text: 'rows', number: true}, {text: 'meaning'}],
                basis.words.map((word, code) => [word, count[code].toLocaleString('en'), meaning[word] || '']));
        }
        if (data.calibration.length) {
            $('calibration').hidden = false;
            $('calibration').querySelector('summary').textContent = 'Calibration (' + data.calibration.length + ' effects)';
            makeTable($('calibration').querySelector('table'), ['phase', 'effect', 'of', 'ln(rate)', 'measurements',
                'sources'].map((text, i) => ({text, number: i > 2})), data.calibration);
        }
        makeTable($('columns-table'), [{text: 'column'}, {text: 'unit'}, {text: 'meaning'}, {text: 'lowest', number: true}, {text: 'highest', number: true}],
            columns.map(column => {
                let low = Infinity, high = -Infinity;
                if (column.numeric) for (const number of numbers(column)) { if (number < low) low = number; if (number > high) high = number; }
                return [column.name, column.unit, column.help, high >= low ? format(low) : '', high >= low ? format(high) : ''];
            }));
    }

    function drawSummary() {
        const count = name => named[name] && named[name].words ? named[name].words.length : 0, parts = [];
        for (const [name, plural] of [['model', 'models'], ['device', 'devices'], ['precision', 'precisions']])
            if (count(name)) parts.push(count(name) + ' ' + (count(name) === 1 ? name : plural));
        $('title').textContent = data.title.replace(/^.*\//, '');
        $('about').textContent = data.about;
        $('about').hidden = !data.about;
        document.title = data.title + ' - edgesweep';
        $('summary').textContent = data.rows_read.toLocaleString('en') + ' rows' + (parts.length ? ': ' + parts.join(', ') : '') + '. ' + columns.length + ' columns.';
        if (data.rows < data.rows_read) {
            $('thinned').hidden = false;
            $('thinned').classList.add('warn');
            $('thinned').textContent = 'The table is long: this page holds ' + data.rows.toLocaleString('en') + ' of its ' +
                data.rows_read.toLocaleString('en') + ' rows: all ' + data.front.toLocaleString('en') +
                ' on the Pareto fronts per ' + data.front_per + ' (energy, time per token, quality, memory), the fastest of each model and precision on each device (' +
                data.fastest.toLocaleString('en') + ' more), and one in ' + data.step +
                ' of the others, at random. Best rows by time, energy, quality or memory are exact, also under limits on these, and so are the fastest of each model and precision; best rows by other columns may be missing.';
        }
    }

    // ---- Together ----

    function reselect() {
        selected = selectRows();
        state.page = 0;
        $('zoom').disabled = !state.selection;
        $('deselect').disabled = !state.selection && !state.zoom;
        $('matching').textContent = rows.length.toLocaleString('en') + ' of ' + data.rows.toLocaleString('en') + ' rows' +
            (state.selection ? ', ' + selected.length.toLocaleString('en') + ' selected' : '');
        drawTable();
    }
    function refilter() {
        rows = filterRows();
        reselect();
        drawBest();
        drawChart();
        drawPanels();
        drawBuys();
    }

    $('theme').addEventListener('click', () => {
        const root = document.documentElement;
        const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
        root.dataset.theme = dark ? 'light' : 'dark';
        drawChart();
    });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => drawChart());
    $('columns').addEventListener('change', drawTable);
    $('previous').addEventListener('click', () => { state.page--; drawTable(); });
    $('next').addEventListener('click', () => { state.page++; drawTable(); });

    drawSummary();
    if (data.rows > 0) {
        beginFilters();
        beginBest();
        beginChart();
        beginPanels();
        beginEffects();
        refilter();
        drawProvenance();
    } else {
        for (const id of ['filters', 'best', 'explore', 'buys', 'rows']) $(id).hidden = true;
        drawProvenance();
    }
    document.documentElement.dataset.ready = String(Math.round(performance.now()));
}());

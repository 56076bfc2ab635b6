/* The report page.  Data come as JSON in #data; texts of the table only ever become text nodes and attribute values. */
(function () {
    'use strict';

    const PAGE_ROWS = 50, DRAWN_POINTS = 20000, COLOURS = 8, MANY_FRONTS = 40, NAMED_ABSENT = 20, PRINTED_COLUMNS = 24,
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
    function parse(text) {
        const match = /^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*(k|M|G|T|Ki|Mi|Gi|Ti)?\s*$/i.exec(text);
        if (!match) return NaN;
        const suffix = (match[2] || '').toLowerCase();
        const power = suffix ? 'kmgt'.indexOf(suffix[0]) + 1 : 0;
        return Number(match[1]) * (suffix.length === 2 ? 1024 : 1000) ** power;
    }

    // ---- State ----

    const state = {choices: new Map(), conditions: [], selection: null, zoom: null, sort: null, page: 0, allColumns: false};
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

    // "name [unit]": the unit on a line of its own.
    function label(text) {
        const at = text.lastIndexOf(' [');
        return at < 0 ? [text] : [text.slice(0, at) + ' ', element('span', {className: 'unit', textContent: text.slice(at + 1)})];
    }
    function makeTable(table, header, body) {
        const head = element('tr', {}, ...header.map(cell => cell.node || element('th',
            {className: cell.number ? 'number' : '', title: cell.title || '', scope: 'col'}, ...label(cell.text))));
        table.replaceChildren(element('thead', {}, head), element('tbody', {}, ...body.map(row => element('tr', {},
            ...row.map((cell, i) => element('td', {textContent: cell, className: header[i].number ? 'number' : ''}))))));
    }

    // ---- Best ----

    const better = column => MORE_IS_BETTER.has(column.name);
    const orderOf = column => column.name + (better(column) ? ', highest' : ', lowest');

    function beginBest() {
        const first = firstOf(metrics, 'quality', 'decode_tok_s', 'end_to_end_ms') || metrics.find(column => !column.isAxis);
        fill($('best-by'), groupable, firstOf(groupable, 'device', 'model') || groupable[0], 'all rows');
        for (const id of ['best-objective', 'best-second']) {
            fill($(id), metrics, null, id === 'best-second' ? 'nothing' : null);
            for (const option of $(id).options) if (option.value !== '') option.textContent = orderOf(columns[Number(option.value)]);
            $(id).addEventListener('change', drawBest);
        }
        if (first) $('best-objective').value = String(first.index);
        const second = first && firstOf(metrics.filter(column => column !== first), 'decode_tok_s', 'energy_j', 'energy_j_per_token');
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
        const wanted = ['device', 'model', 'precision', 'runtime', 'prompt', 'gen', 'depth', 'batch', 'kv_bits', 'seq_len'];
        const chosenColumns = [by, ...wanted.map(name => named[name]).filter(column => column && column.varies),
            ...columns.filter(column => column.varies && /^(device|model|precision)\./.test(column.name)), first, second,
            ...['decode_tok_s', 'ttft_s', 'peak_memory_bytes', 'end_to_end_ms', 'energy_j_per_token', 'energy_j', 'power_w',
                'quality', 'bottleneck', 'basis'].map(name => named[name])].filter((column, i, all) => column && all.indexOf(column) === i);
        const bandwidth = named.decode_bytes && named.bottleneck && named.decode_bytes.numeric;
        const header = chosenColumns.map(column => ({text: column.label, number: column.numeric, title: column.help}));
        if (bandwidth) header.push({text: '1 GB/s more buys', number: true,
            title: 'further tokens/s per GB/s of effective memory bandwidth, 1e9/decode_bytes, where memory is the bottleneck'});
        makeTable($('best-table'), header, list.map(row => {
            const cells = chosenColumns.map(column => show(column, row));
            if (bandwidth) cells.push(value(named.bottleneck, row) === 'memory'
                ? '+' + format(1e9 / value(named.decode_bytes, row)) + ' tokens/s' : 'nothing');
            return cells;
        }));
        const present = new Set(list.map(row => by && by.codes ? by.codes[row] : 0));
        const absent = by && by.words ? by.words.filter((word, code) => !present.has(code)) : [];
        $('best-note').textContent = 'Among the ' + rows.length.toLocaleString('en') + ' rows that pass the filters: ' + orderOf(first) +
            (second ? ', then ' + orderOf(second) : '') + '.' +
            (absent.length ? ' No such row for ' + absent.length + ' of ' + by.words.length + ' values of ' + by.name +
                (absent.length <= NAMED_ABSENT ? ': ' + absent.join(', ') : '') + '.' : '');
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
        for (const id of ['x-log', 'y-log', 'colour', 'front-by']) $(id).addEventListener('change', reset);
        $('deselect').addEventListener('click', reset);
        $('zoom').addEventListener('click', () => { state.zoom = state.selection; drawChart(); });
        $('save-png').addEventListener('click', savePng);
        $('save-csv').addEventListener('click', saveCsv);
        let width = innerWidth;
        addEventListener('resize', () => { if (innerWidth !== width) { width = innerWidth; drawChart(); } });
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

    // 1, 2, 5 of each decade, fewer when there are many decades.
    function logSplits(low, high) {
        const decades = Math.log10(high / low), list = [];
        const step = Math.max(1, Math.ceil(decades / 8)), digits = decades > 4 ? [1] : [1, 2, 5];
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
        const range = {x: zoom ? [zoom.x0, zoom.x1] : extent(xs, visible, log.x), y: zoom ? [zoom.y0, zoom.y1] : extent(ys, visible, log.y)};
        const tint = i => style('--c' + (colours.isOthers && colours.isOthers(i) ? 7 : i % COLOURS));
        const options = {
            mode: 2, width: $('chart').clientWidth, height: Math.max(320, Math.min(520, innerHeight * 0.6)), legend: {show: false},
            scales: {x: {time: false, auto: false, distr: log.x ? 3 : 1, range: () => range.x},
                y: {auto: false, distr: log.y ? 3 : 1, range: () => range.y}},
            axes: [axisOptions(x, 0, log.x), axisOptions(y, 1, log.y)],
            cursor: {points: {show: false}, drag: {x: true, y: true, uni: 12, setScale: false}, dataIdx: () => null},
            series: [{}, ...lists.map((list, i) => ({facets: [{scale: 'x', auto: true}, {scale: 'y', auto: true}],
                paths: paintPoints(tint(i), colours.isOthers && colours.isOthers(i))}))],
            hooks: {
                draw: [u => paintFronts(u, groups, x, y)],
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
        $('chart-note').textContent = chartNote(visible, sample, groups, frontBy);
        $('chart-note').classList.toggle('warn', sample.length < visible.length);
    }

    function chartNote(visible, sample, groups, frontBy) {
        let note = '';
        for (const list of groups.values()) note = note || (list.length ? 'Lines: front of the two columns, ' + (frontBy === '' ? 'of all rows' :
            'per ' + columns[Number(frontBy)].name) + '. ' : '');
        if (sample.length < visible.length)
            note += sample.length.toLocaleString('en') + ' of ' + visible.length.toLocaleString('en') +
                ' points are drawn: all of the fronts and a random sample of the rest; tables use all rows. ';
        if (visible.length < rows.length)
            note += (rows.length - visible.length).toLocaleString('en') + ' rows have no place on these axes. ';
        if (groups.size > MANY_FRONTS) note += groups.size + ' fronts: filter or choose another column to tell them apart. ';
        return note;
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
            tell(row, box.left + left(row), box.top + top(row));
            $('announce').textContent = describe(row, x, y);
        };
        u.over.tabIndex = 0;
        u.over.setAttribute('role', 'application');
        u.over.setAttribute('aria-label', 'Chart of ' + y.name + ' against ' + x.name + ', ' + drawn.length + ' points; arrow keys go from point to point');
        u.over.addEventListener('mousemove', event => {
            const box = u.over.getBoundingClientRect(), found = nearest(event.clientX - box.left, event.clientY - box.top);
            if (found < 0) $('tip').hidden = true;
            else tell(drawn[found], event.clientX, event.clientY);
        });
        u.over.addEventListener('mouseleave', () => { $('tip').hidden = true; });
        u.over.addEventListener('blur', () => { $('tip').hidden = true; });
        u.over.addEventListener('dblclick', reset);
        u.over.addEventListener('keydown', event => {
            const steps = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1};
            if (event.key === 'Escape') reset();
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

    // Every column of a row, those that never change last, in as many pairs of columns as fit.
    function tell(row, left, top) {
        const list = columns.filter(column => column.varies).concat(columns.filter(column => !column.varies))
            .filter(column => show(column, row) !== '');
        const tip = $('tip'), lines = Math.min(26, Math.max(8, Math.floor(innerHeight * 0.8 / 19))), body = [];
        for (let i = 0; i < Math.min(lines, list.length); i++) {
            const line = element('tr', {});
            for (let k = i; k < list.length; k += lines)
                line.append(element('th', {textContent: list[k].label, scope: 'row'}), element('td', {textContent: show(list[k], row)}));
            body.push(line);
        }
        tip.replaceChildren(element('table', {}, element('tbody', {}, ...body)));
        tip.hidden = false;
        const box = tip.getBoundingClientRect();
        tip.style.left = Math.max(4, left + 16 + box.width > innerWidth ? left - box.width - 16 : left + 16) + 'px';
        tip.style.top = Math.max(4, Math.min(top + 16, innerHeight - box.height - 4)) + 'px';
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
                if (steps.length) body.push(['twice the ' + axis.name, goal.name, change(steps[steps.length >> 1]),
                    change(steps[0]) + ' to ' + change(steps[steps.length - 1]), steps.length.toLocaleString('en')]);
            }
        }
        makeTable($('buys-table'), [{text: 'this'}, {text: 'changes'}, {text: 'by (median)', number: true},
            {text: 'from, to', number: true}, {text: 'cases', number: true}], body);
        $('buys-table').hidden = body.length === 0;
        $('buys-note').textContent = 'Rows that pass the filters. ' +
            (atOnce ? 'A byte of bandwidth: each token reads decode_bytes, so tokens/s grow by 1/decode_bytes for each byte/s where memory is the bottleneck, and nowhere else; the last column of "Best" has it per device. ' : '') +
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

    // ---- Rows ----

    function drawTable() {
        const shown = columns.filter(column => column.varies || state.allColumns), sort = state.sort;
        let list = selected;
        if (sort) {
            const sign = sort.down ? -1 : 1;
            const rank = sort.column.numeric ? numbers(sort.column) : null;
            const place = rank ? null : new Map(sort.column.words.map((word, code) => [word, code])
                .sort((a, b) => String(a[0]).localeCompare(b[0], 'en', {numeric: true})).map(([, code], i) => [code, i]));
            const key = row => rank ? rank[row] : place.get(sort.column.codes ? sort.column.codes[row] : 0);
            list = [...list].sort((a, b) => { // empty cells last
                const p = key(a), q = key(b);
                return Number.isNaN(p) || Number.isNaN(q) ? Number.isNaN(p) - Number.isNaN(q) || a - b : sign * (p - q) || a - b;
            });
        }
        $('rows').classList.toggle('wide', shown.length > PRINTED_COLUMNS);
        const pages = Math.max(1, Math.ceil(list.length / PAGE_ROWS));
        state.page = Math.min(state.page, pages - 1);
        const first = state.page * PAGE_ROWS;
        makeTable($('table'), shown.map(column => ({number: column.numeric, node: headerCell(column)})),
            list.slice(first, first + PAGE_ROWS).map(row => shown.map(column => show(column, row))));
        $('page').textContent = list.length === 0 ? 'no rows' : (first + 1).toLocaleString('en') + '\u2013' +
            Math.min(first + PAGE_ROWS, list.length).toLocaleString('en') + ' of ' + list.length.toLocaleString('en');
        $('previous').disabled = state.page === 0;
        $('next').disabled = state.page >= pages - 1;
    }
    function headerCell(column) {
        const sorted = state.sort && state.sort.column === column, button = element('button', {type: 'button',
            title: column.help || 'sort'}, sorted ? state.sort.down ? '\u25bc ' : '\u25b2 ' : '', ...label(column.label));
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
        for (const column of columns) if (!column.varies && column.words) facts.push([column.name + ' (all rows)', show(column, 0)]);
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
        $('title').textContent = data.title;
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
    $('all-columns').addEventListener('change', () => { state.allColumns = $('all-columns').checked; drawTable(); });
    $('previous').addEventListener('click', () => { state.page--; drawTable(); });
    $('next').addEventListener('click', () => { state.page++; drawTable(); });

    drawSummary();
    if (data.rows > 0) {
        beginFilters();
        beginBest();
        beginChart();
        beginPanels();
        refilter();
        drawProvenance();
    } else {
        for (const id of ['filters', 'best', 'explore', 'buys', 'rows']) $(id).hidden = true;
        drawProvenance();
    }
    document.documentElement.dataset.ready = String(Math.round(performance.now()));
}());

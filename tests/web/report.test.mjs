// The report page in a browser: what it shows, what can be done with it, and what hostile cells cannot do.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const { chromium } = createRequire(join(process.env.WEB_MODULES, 'package.json'))('playwright-core');
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'edgesweep-web-'));
const edgesweep = (...args) => execFileSync(process.env.EDGESWEEP, args, {cwd: root, stdio: ['ignore', 'pipe', 'pipe']}).toString();
let browser;

before(async () => {
    browser = await chromium.launch({executablePath: process.env.CHROMIUM, args: ['--no-sandbox']});
});
after(async () => {
    await browser.close();
    rmSync(folder, {recursive: true});
});

// Unquoted CSV of our own tables as objects.
function table(path) {
    const [header, ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n').map(line => line.split(','));
    return lines.map(cells => Object.fromEntries(cells.map((cell, i) => [header[i], cell])));
}

// Opens a report; any message of the console, exception or request beyond the file itself fails the test.
async function open(t, html, options = {}) {
    const context = await browser.newContext({viewport: {width: 1400, height: 1000}, acceptDownloads: true, ...options});
    const page = await context.newPage(), faults = [];
    page.on('console', message => { if (['error', 'warning'].includes(message.type())) faults.push(message.text()); });
    page.on('pageerror', error => faults.push(error.message));
    page.on('request', request => { if (!/^(file|data|blob):/.test(request.url())) faults.push(request.url()); });
    page.on('dialog', dialog => { faults.push(dialog.message()); dialog.dismiss(); });
    await page.goto(pathToFileURL(html).href);
    await page.waitForFunction(() => document.documentElement.dataset.ready);
    t.after(async () => { await context.close(); assert.deepEqual(faults, []); });
    return page;
}
async function shot(page, name) {
    if (!process.env.SHOTS) return;
    mkdirSync(process.env.SHOTS, {recursive: true});
    await page.screenshot({path: join(process.env.SHOTS, name + '.png'), fullPage: true});
}
function report(name, ...args) {
    const html = join(folder, name + '.html');
    edgesweep('report', ...args, '-q', '-o', html);
    return html;
}
function reportOfText(name, text) {
    const csv = join(folder, name + '.csv');
    writeFileSync(csv, text);
    return report(name, csv);
}
async function choose(page, id, name) {
    const value = await page.locator('#' + id + ' option').evaluateAll((options, wanted) =>
        options.find(option => option.textContent.split(/[ ,]/)[0] === wanted).value, name);
    await page.selectOption('#' + id, value);
}
const cells = (page, id) => page.locator(id + ' tbody tr').evaluateAll(rows => rows.map(row => [...row.cells].map(cell => cell.textContent)));
const matching = page => page.textContent('#matching');

// The main question, small: what does a Raspberry Pi 5 run?
const boards = () => {
    const csv = join(folder, 'boards.csv');
    edgesweep('run', 'sweeps/edge.sweep', '-q', '-o', csv, '--set', 'device=Raspberry Pi 5 8GB, Jetson Orin Nano Super 8GB',
        '--set', 'prompt=128', '--set', 'gen=128', '--set', 'model=Llama-3.2-*, Qwen2.5-?.5B, Qwen2.5-3B, Llama-3.1-8B');
    return csv;
};

test('figure 3 shows the published values', async t => {
    const page = await open(t, report('paper', 'sweeps/paper.sweep'));
    const golden = table(join(root, 'tests/data/edgeprofiler_golden.csv')).filter(row => row.seq_len === '1024');
    assert.equal(await page.locator('#panels svg').count(), 6);
    const columns = ['memory_ms', 'io_ms', 'h2d_ms', 'net_ms', 'end_to_end_ms', 'energy_j'];
    for (const model of ['EP-TinyLlama-1B', 'EP-DeepSeek-r1-1.5B']) {
        await page.selectOption('#figure3-model', {label: model});
        const expected = golden.filter(row => row.model === model);
        for (const [i, column] of columns.entries()) {
            const values = await page.locator('#panels svg').nth(i).locator('rect')
                .evaluateAll(bars => bars.map(bar => Number(bar.dataset.value)));
            assert.equal(values.length, 12);
            values.forEach((value, k) => assert.ok(Math.abs(value / Number(expected[k][column]) - 1) < 5e-9, column));
        }
    }
    assert.match(await page.textContent('#provenance-table'), /grid_hash[0-9a-f]{16}/);
    await shot(page, 'paper');
});

test('axes, logarithms and fronts can be chosen', async t => {
    const page = await open(t, report('axes', boards()));
    const all = Number(await page.getAttribute('#chart', 'data-points'));
    assert.equal(all, table(join(folder, 'boards.csv')).length);
    await choose(page, 'x', 'peak_memory_bytes');
    await choose(page, 'y', 'decode_tok_s');
    await page.setChecked('#x-log', false);
    await page.setChecked('#y-log', true);
    await choose(page, 'colour', 'model');
    await choose(page, 'front-by', 'model');
    assert.equal(Number(await page.getAttribute('#chart', 'data-points')), all);
    assert.match(await page.locator('.u-over').getAttribute('aria-label'), /decode_tok_s against peak_memory_bytes/);
    assert.match(await page.textContent('#chart-note'), /per model/);
    const named = async () => Number(await page.getAttribute('#chart', 'data-names'));
    assert.ok(await named() > 0, 'fronts of models are named');
    await page.selectOption('#front-by', '');
    assert.ok(await named() > 0 && await named() < all, 'the models of one front are named');
    await page.selectOption('#front-by', 'none');
    assert.equal(await named(), 0);
    assert.match(await page.textContent('#legend'), /Llama-3\.2-1B/);
    await shot(page, 'axes');
});

test('filters and best answer the main question as the command does', async t => {
    const csv = boards(), page = await open(t, report('best', csv));
    await page.locator('summary', {hasText: 'device'}).first().click();
    await page.getByLabel('Search device').fill('pi 5 8gb');
    await page.getByRole('button', {name: 'Only found'}).first().or(page.locator('details[open] button', {hasText: 'Only found'})).last().click();
    for (const [column, operator, value] of [['peak_memory_bytes', '\u2264', '4G'], ['decode_tok_s', '\u2265', '8']]) {
        await choose(page, 'condition-column', column);
        await page.selectOption('#condition-operator', operator);
        await page.fill('#condition-value', value);
        await page.press('#condition-value', 'Enter');
    }
    const rows = table(csv).filter(row => row.device === 'Raspberry Pi 5 8GB' && Number(row.peak_memory_bytes) <= 4e9 && Number(row.decode_tok_s) >= 8);
    assert.ok(rows.length > 0);
    assert.match(await matching(page), new RegExp('^' + rows.length + ' of '));
    const best = join(folder, 'answer.csv');
    edgesweep('best', csv, '--pick', 'precision', '--by', 'device', '--max', 'quality,decode_tok_s', '-q', '-o', best,
        '--skip-missing', '--where', "device = 'Raspberry Pi 5 8GB' and peak_memory_bytes <= 4e9 and decode_tok_s >= 8");
    const [answer] = table(best), shown = await cells(page, '#best-table');
    assert.equal(shown.length, 1);
    assert.ok(shown[0].includes(answer.precision) && shown[0].includes(answer.model), String(shown[0]));
    await page.click('#clear');
    assert.match(await matching(page), new RegExp('^' + table(csv).length + ' of '));
    await page.fill('#condition-value', 'many');
    await page.press('#condition-value', 'Enter');
    assert.equal(await page.locator('#conditions li').count(), 0);
    await shot(page, 'best');
});

// Opens the filter of a column and keeps what the search finds.
async function only(page, column, text) {
    const filter = page.locator('#choices details', {has: page.locator('summary', {hasText: new RegExp('^' + column + ' ')})});
    await filter.locator('summary').click();
    await filter.getByRole('searchbox').fill(text);
    await filter.getByRole('button', {name: 'Only found'}).click();
}

test('the thinned page of the edge sweep answers as the whole table does', async t => {
    const csv = join(folder, 'edge.csv');
    edgesweep('run', 'sweeps/edge.sweep', '-q', '-o', csv);
    const page = await open(t, report('edge', 'sweeps/edge.sweep'));
    assert.match(await page.textContent('#thinned'), /per device and workload/);
    assert.match(await page.textContent('#about'), /^The main question: which model/);
    const answers = (where, ...by) => {
        const out = join(folder, 'answers.csv');
        edgesweep('best', csv, '--pick', 'precision', '--by', 'device', ...by, '-q', '-o', out, '--skip-missing', '--where', where);
        return new Map(table(out).map(row => [row.device, row]));
    };
    // The best format for a Raspberry Pi 5 8 GB, and for every other board, under 4 GB at 8 tokens/s.
    for (const [column, operator, value] of [['peak_memory_bytes', '\u2264', '4G'], ['decode_tok_s', '\u2265', '8']]) {
        await choose(page, 'condition-column', column);
        await page.selectOption('#condition-operator', operator);
        await page.fill('#condition-value', value);
        await page.press('#condition-value', 'Enter');
    }
    let shown = await cells(page, '#best-table');
    const fits = answers('peak_memory_bytes <= 4e9 and decode_tok_s >= 8', '--max', 'quality,decode_tok_s');
    assert.equal(shown.length, fits.size);
    for (const [device, model, precision] of shown)
        assert.deepEqual([model, precision], [fits.get(device).model, fits.get(device).precision]);
    assert.ok(fits.has('Raspberry Pi 5 8GB'));
    // Which devices run an 8B model.
    await page.click('#clear');
    await only(page, 'model', 'Llama-3.1-8B');
    await choose(page, 'best-objective', 'decode_tok_s');
    shown = await cells(page, '#best-table');
    const runs = answers("model = 'Llama-3.1-8B'", '--max', 'decode_tok_s');
    assert.deepEqual(shown.map(row => row[0]).sort(), [...runs.keys()].sort());
    for (const row of shown) assert.equal(row[2], runs.get(row[0]).precision);
    // What the next byte of bandwidth buys.
    const [gain] = await cells(page, '#buys-table');
    assert.match(gain.join(' '), /^1 GB\/s more effective memory bandwidth decode_tok_s \+0\.\d+ tokens\/s/);
    await shot(page, 'edge');
});

test('what bandwidth buys', async t => {
    const page = await open(t, report('bandwidth', '--set', 'model=Llama-3.2-1B', '--set', 'device=Raspberry Pi 5 8GB',
        '--set', 'precision=Q4_K_M', '--set', 'device.mem_bw_gbs=x1,x2,x4'));
    const line = (await cells(page, '#buys-table')).find(cell => cell[0] === 'twice the device.mem_bw_gbs' && cell[1] === 'decode_tok_s');
    assert.match(line[2], /^\+\d/);
});

test('pointer and keys show six lines of a point, and all on demand', async t => {
    const csv = boards(), page = await open(t, report('hover', csv)), header = readFileSync(csv, 'utf8').split('\n')[0].split(',');
    await page.locator('.u-over').focus();
    await page.keyboard.press('Home');
    const first = await page.textContent('#announce');
    await page.keyboard.press('ArrowRight');
    assert.notEqual(await page.textContent('#announce'), first);
    const tip = await page.locator('#tip').boundingBox();
    assert.ok(tip.x >= 0 && tip.y >= 0 && tip.x + tip.width <= 1400 && tip.y + tip.height <= 1000);
    assert.equal(await page.locator('#tip tr').count(), 6);
    assert.match(await page.textContent('#tip'), /decode_tok_s[\d.]+ token\/s \([\d.]+ to [\d.]+\)/);
    await page.keyboard.press('Enter');
    const names = (await cells(page, '#all-table')).map(row => row[0]);
    for (const name of header) assert.ok(names.includes(name) || /^(usd_per_mtok|quality.*)$/.test(name), name);
    await page.getByRole('button', {name: 'Close'}).click();
    assert.equal(await page.isVisible('#all'), false);
    await choose(page, 'x', 'tpot_s');
    await choose(page, 'y', 'energy_j_per_token');
    await page.locator('#explore').scrollIntoViewIfNeeded();
    const box = await page.locator('.u-over').boundingBox();
    let shown = false;
    for (let i = 1; i < 40 && !shown; i++) {
        await page.mouse.move(box.x + box.width * i / 40, box.y + box.height * (1 - i / 40));
        shown = await page.locator('#tip').isVisible();
    }
    assert.ok(shown, 'the diagonal of a log-log chart of energy and time meets points');
    await page.mouse.down();
    await page.mouse.up();
    assert.ok(await page.isVisible('#all'), 'a click shows all columns');
    await page.keyboard.press('Escape');
    await shot(page, 'hover');
});

test('brushing selects rows, CSV and PNG are saved', async t => {
    const csv = boards(), page = await open(t, report('brush', csv));
    await page.locator('#explore').scrollIntoViewIfNeeded();
    const box = await page.locator('.u-over').boundingBox();
    await page.mouse.move(box.x + 2, box.y + 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height - 2, {steps: 5});
    await page.mouse.up();
    const count = Number(/, (\d+) selected/.exec(await matching(page))[1]), all = table(csv);
    assert.ok(count > 0 && count < all.length);
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save-csv')]);
    const saved = table(await download.path()), same = new Set(all.map(row => JSON.stringify(Object.values(row).map(cell => Number(cell) || cell))));
    assert.equal(saved.length, count);
    for (const row of saved) assert.ok(same.has(JSON.stringify(Object.values(row).map(cell => Number(cell) || cell))));
    const [picture] = await Promise.all([page.waitForEvent('download'), page.click('#save-png')]);
    assert.equal(readFileSync(await picture.path()).subarray(1, 4).toString(), 'PNG');
    await page.click('#zoom');
    assert.equal(await page.isEnabled('#deselect'), true);
    await page.click('#deselect');
    assert.doesNotMatch(await matching(page), /selected/);
});

test('rows are sorted by header buttons, numbers as numbers, empty cells last', async t => {
    const page = await open(t, reportOfText('sorted', 'device,score\nb,10\na,9\nc,\nd,-1e3\n'));
    const header = () => page.locator('#table th', {hasText: 'score'});
    await header().locator('button').press('Enter');
    assert.equal(await header().getAttribute('aria-sort'), 'ascending');
    assert.deepEqual((await cells(page, '#table')).map(row => row[0]), ['d', 'a', 'b', 'c']);
    await page.keyboard.press('Enter'); // the focus stays on the header
    assert.equal(await header().getAttribute('aria-sort'), 'descending');
    assert.deepEqual((await cells(page, '#table')).map(row => row[0]), ['b', 'a', 'd', 'c']);
});

test('cells and names never become markup or script', async t => {
    const hostile = ['</script><script>window.pwned = 1</script>', '<img src=x onerror="window.pwned = 2">', '<!--<script>',
        '"><svg onload=alert(3)>', "javascript:alert('4')", '\u2028\u2029\u0001', '@@data@@', '${7*7}{{7*7}}', '__proto__'];
    const quote = text => '"' + text.replace(/"/g, '""') + '"';
    const text = ['model,device,__proto__,constructor,' + quote('<b onclick=alert(5)>x</b>'),
        ...hostile.map((cell, i) => [quote(cell), quote(cell), i, i * 2, quote(cell)].join(','))].join('\n') + '\n';
    const name = '<img src=x onerror=alert(6)>';
    const page = await open(t, reportOfText(name, text));
    for (const summary of await page.locator('summary:visible').all()) await summary.click();
    await page.locator('.u-over').focus();
    for (let i = 0; i < hostile.length; i++) await page.keyboard.press('ArrowRight');
    assert.equal(await page.evaluate(() => window.pwned), undefined);
    assert.equal(await page.locator('img, b, #layout script, main svg').count(), 0);
    assert.deepEqual((await cells(page, '#table')).map(row => row[0]), hostile);
    assert.ok((await page.textContent('#title')).includes(name));
    assert.equal((await page.locator('#legend').textContent()).includes('@@data@@') ||
        (await page.locator('#choices').textContent()).includes('@@data@@'), true);
});

test('bytes that are not UTF-8 are refused by their place', () => {
    const latin1 = Buffer.concat([Buffer.from('device,x\nJ'), Buffer.from([0xfc, 0xff]), Buffer.from(',1\nb,2\n')]);
    assert.throws(() => reportOfText('latin1', latin1), error => /latin1\.csv:2:2: not UTF-8/.test(error.stderr));
});

test('tables with little in them', async t => {
    for (const [name, text, rows] of [['empty', 'a,b\n', 0], ['one', 'a\n1\n', 1], ['words', 'a,b\nx,y\nz,\n', 2], ['gaps', 'x,y\n,\n1,\n,2\n', 3]]) {
        const page = await open(t, reportOfText(name, text));
        assert.match(await page.textContent('#summary'), new RegExp('^' + rows + ' rows'));
    }
});

test('100,000 rows', async t => {
    const lines = ['device,model,precision,tpot_s,energy_j_per_token,decode_tok_s'];
    for (let i = 0; i < 100000; i++) {
        const time = (1 + i * 7919 % 10007 / 10007 * 99) / 100, energy = (1 + i * 104729 % 20011) / (1000 * time);
        lines.push(['board ' + i % 30, 'model ' + i % 41, 'Q' + i % 7, time, energy, 1 / time].join(','));
    }
    const html = reportOfText('many', lines.join('\n') + '\n'), page = await open(t, html);
    console.log('100,000 rows: ' + await page.evaluate(() => document.documentElement.dataset.ready) + ' ms to interactive');
    assert.match(await page.textContent('#summary'), /^100,000 rows/);
    assert.ok(Number(await page.getAttribute('#chart', 'data-points')) <= 32000);
    assert.match(await page.textContent('#chart-note'), /of 100,000 points are drawn/);
    assert.equal(await page.isHidden('#thinned'), true);
    await shot(page, 'many');
});

test('longer tables are thinned, with a word about it, and keep their fronts', async t => {
    const lines = ['device,tpot_s,energy_j_per_token'];
    for (let i = 0; i < 250000; i++) lines.push(['board ' + i % 3, 2 + i % 4096 / 100, 3 + i % 1013].join(','));
    lines[200001] = 'board 1,0.5,0.25';
    const page = await open(t, reportOfText('thinned', lines.join('\n') + '\n'));
    assert.match(await page.textContent('#thinned'), /of its 250,000 rows/);
    await choose(page, 'best-objective', 'tpot_s');
    assert.ok((await cells(page, '#best-table'))[0].includes('0.5'));
});

test('dark, light and printed', async t => {
    const page = await open(t, report('dark', 'sweeps/paper.sweep'), {colorScheme: 'dark'});
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.equal(await background(), 'rgb(21, 24, 28)');
    await shot(page, 'dark');
    await page.click('#theme');
    assert.equal(await background(), 'rgb(255, 255, 255)');
    await page.emulateMedia({media: 'print'});
    assert.equal(await page.isVisible('#filters'), false);
    assert.equal(await page.isVisible('#best-table'), true);
    assert.equal(await page.isVisible('#table th button'), true);
    await shot(page, 'print');
});

// Nothing is cut: no part of the page is wider than the window, nor any table than its place.
const overflow = page => page.evaluate(() => [document.documentElement, ...document.querySelectorAll('#best .scroll, #rows .scroll, #effects-bars')]
    .filter(node => node.scrollWidth > node.clientWidth + 1).map(node => node.tagName + ' ' + (node.getAttribute('aria-label') || node.id)));

test('phone, laptop and large screen, dark and light', async t => {
    const answers = report('sizes', 'sweeps/edge.sweep', '--set', 'device=Raspberry Pi 5*, Jetson Orin Nano*, ESP32*, GAP9', '--set', 'prompt=128',
        '--set', 'gen=128', '--set', 'model=Llama-3.2-*, Qwen2.5-?.5B, Qwen2.5-3B, Llama-3.1-8B');
    const shown = {};
    for (const [width, height] of [[390, 844], [1280, 800], [1920, 1080]])
        for (const colorScheme of ['light', 'dark']) {
            const page = await open(t, answers, {viewport: {width, height}, colorScheme});
            assert.deepEqual(await overflow(page), []);
            assert.ok(await page.locator('#best-table .range').count() > 0);
            const header = await page.locator('#best-table th').allTextContents();
            for (const name of ['device', 'model', 'quality', 'decode_tok_s']) assert.ok(header.some(text => text.split(' ')[0] === name), name);
            shown[width] = header.length;
            await shot(page, 'sizes-' + width + '-' + colorScheme);
        }
    assert.ok(shown[390] < shown[1280] && shown[1280] < shown[1920], JSON.stringify(shown));
    const page = await open(t, report('narrow', 'sweeps/paper.sweep'), {viewport: {width: 390, height: 844}});
    assert.deepEqual(await overflow(page), []);
});

test('rows come in the order of the answer, columns as chosen', async t => {
    const csv = boards(), page = await open(t, report('order', csv)), header = readFileSync(csv, 'utf8').split('\n')[0].split(',');
    const at = async name => (await page.locator('#table th').allTextContents()).findIndex(text => text.trim().split(' ')[0] === name);
    const quality = async () => (await cells(page, '#table')).map(row => row).map(row => Number(row[place]));
    const place = await at('quality'), list = await quality();
    assert.ok(list.length > 9 && list.every((value, i) => i === 0 || value <= list[i - 1]));
    await page.selectOption('#columns', 'all');
    assert.equal(await page.locator('#table th').count(), header.length);
});

test('why some have no row, what the answers rest on', async t => {
    const csv = join(folder, 'gaps.csv');
    writeFileSync(csv, 'device,model,precision,quality,decode_tok_s\nA,m,Q4_0,60,9\nA,n,Q4_0,50,20\nB,m,Q4_0,60,2\nB,n,Q4_0,50,7\nC,o,Q4_0,,30\n');
    const page = await open(t, report('gaps', csv));
    assert.match(await page.textContent('#chart-note'), /1 rows have no place: no quality: no score of the model, published or estimated \(o\)/);
    await choose(page, 'condition-column', 'decode_tok_s');
    await page.selectOption('#condition-operator', '\u2265');
    await page.fill('#condition-value', '8');
    await page.press('#condition-value', 'Enter');
    await page.locator('#absent summary').click();
    const why = await cells(page, '#absent table');
    assert.deepEqual(why[0], ['B', 'fails decode_tok_s \u2265 8 (2 of 2 rows)', 'n Q4_0: 7 token/s']);
    assert.match(why[1].join(' '), /^C no value of quality: no score/);
    assert.equal(await page.isVisible('#effects'), false);

    const other = await open(t, report('rests', 'sweeps/edge.sweep', '--set', 'device=Raspberry Pi 5 8GB, GAP9', '--set', 'prompt=128', '--set', 'gen=128'));
    assert.match(await other.textContent('#absent'), /GAP9no runtime/);
    const bars = await other.locator('#effects-bars li').allTextContents();
    assert.ok(bars.some(text => /^device\.mem_bw_gbs 17\.\d+ GB\/s\+0\.[5-9]\d%$/.test(text)), bars.join('\n'));
});

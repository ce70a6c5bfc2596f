import { escapeHtml, html } from '../../../sim/wallet/html';
import { TEXTS } from '../../../sim/wallet/texts';
import { AlipayShop } from '../providers/support/alipayShop';
import { openBench, type Bench } from '../providers/support/bench';
import { http, postJson, type HttpCall, type HttpReply } from '../providers/support/http';
import { WechatShop } from '../providers/support/wechatShop';

const HOSTILE = '<img src=x onerror=alert(1)>"\'`&';

let bench: Bench;
let wechat: WechatShop;
let alipay: AlipayShop;

beforeEach(async () => {
  bench = await openBench();
  wechat = new WechatShop(bench);
  alipay = new AlipayShop(bench);
});
afterEach(async () => bench.sandbox.close());

const get = (path: string, call: HttpCall = {}): Promise<HttpReply> =>
  http(`${bench.sandbox.url}/wallet${path}`, call);
const open = (link: string): Promise<HttpReply> => get(`/open?url=${encodeURIComponent(link)}`);
const english = { headers: { 'accept-language': 'en-GB,en;q=0.9' } };

function submit(action: string, link: string, headers: Record<string, string> = {}): Promise<HttpReply> {
  return get(`/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams({ url: link }).toString(),
  });
}

const wechatLink = async (outTradeNo: string, description = '可乐'): Promise<string> =>
  String((await wechat.order({ outTradeNo, more: { description } })).body['code_url']);

describe('the wallet’s pages', () => {
  it('list what waits, at both providers, with amounts', async () => {
    await wechatLink('CS000001_1', '可乐 330ml');
    await alipay.link({ outTradeNo: 'CS000001_2', amount: '3' });
    await wechat.paid({ outTradeNo: 'CS000001_3', more: { description: '已付' } });
    const { body } = await get('');
    for (const text of ['可乐 330ml', '¥1.50', '¥3.00', 'CS000001_2', '等待付款', '微信支付', '支付宝']) {
      expect(body).toContain(text);
    }
    expect(body).not.toContain('已付');
    expect((await get('/')).body).toBe(body.replaceAll('%2Fwallet"', '%2Fwallet%2F"'));
  });

  it('show merchant, goods and amount of a link, and pay it', async () => {
    const link = await wechatLink('CS000001_4');
    const page = await open(link);
    expect(page.body).toContain('演示商户');
    expect(page.body).toContain('立即支付 ¥1.50');
    expect(page.body).toContain('<body class="wechat">');
    const paid = await submit('pay', link);
    expect(paid.status).toBe(303);
    expect(paid.headers.location).toBe(`/wallet/result?url=${encodeURIComponent(link)}`);
    expect((await wechat.query('CS000001_4')).body['trade_state']).toBe('SUCCESS');
    const result = await http(`${bench.sandbox.url}${paid.headers.location}`);
    expect(result.body).toContain('支付成功');
    expect(result.body).toContain('2026-03-02 10:00:00');
  });

  it('opening an Alipay link makes the trade, looking at the list does not', async () => {
    const link = await alipay.link({ outTradeNo: 'CS000001_5' });
    await get('');
    await get(`/result?url=${encodeURIComponent(link)}`);
    expect((await alipay.query('CS000001_5')).node['sub_code']).toBe('ACQ.TRADE_NOT_EXIST');
    expect((await open(link)).body).toContain('<body class="alipay">');
    expect((await alipay.query('CS000001_5')).node['trade_status']).toBe('WAIT_BUYER_PAY');
  });

  it('refusing leaves the trade waiting, and it can be paid after all', async () => {
    const link = await wechatLink('CS000001_6');
    const refused = await submit('refuse', link);
    const result = await http(`${bench.sandbox.url}${refused.headers.location}`);
    expect(result.body).toContain('未付款');
    expect(result.body).toContain('重新付款');
    expect((await wechat.query('CS000001_6')).body['trade_state']).toBe('NOTPAY');
    await submit('pay', link);
    expect((await wechat.query('CS000001_6')).body['trade_state']).toBe('SUCCESS');
  });

  it('paying twice pays once', async () => {
    const link = await wechatLink('CS000001_7');
    await submit('pay', link);
    await submit('pay', link);
    expect(bench.sandbox.model.audit()).toMatchObject({ paidFen: 150, faults: [] });
  });

  it('a refund shows on the result', async () => {
    const link = await wechat.paid({ outTradeNo: 'CS000001_8' });
    await wechat.refund('CS000001_8', 'R1', 50);
    bench.clock.advance(2_000);
    const { body } = await get(`/result?url=${encodeURIComponent(link)}`);
    expect(body).toContain('已退款');
    expect(body).toContain('¥0.50');
  });

  it.each([
    ['an unknown link', async () => 'weixin://wxpay/bizpayurl?pr=nope', '二维码不存在', 404],
    ['no link', async () => '', '二维码不存在', 404],
    ['a script for a link', async () => 'javascript:alert(1)', '二维码不存在', 404],
    [
      'a closed order',
      async () => {
        const link = await wechatLink('CS000002_1');
        await wechat.close('CS000002_1');
        return link;
      },
      '订单已关闭',
      200,
    ],
    [
      'an expired link',
      async () => {
        const link = await wechatLink('CS000002_2');
        bench.clock.advance(7_200_000);
        return link;
      },
      '二维码已过期',
      200,
    ],
  ])('say why %s cannot be paid', async (_what, make, text, status) => {
    const page = await open(await make());
    expect(page.status).toBe(status);
    expect(page.body).toContain(text);
    expect(page.body).not.toContain('action="/wallet/pay"');
  });
});

describe('what comes from outside', () => {
  it('is escaped on every page', async () => {
    const link = await wechatLink('CS000003_1', HOSTILE);
    const pages = [
      await get(''),
      await open(link),
      await get(`/result?url=${encodeURIComponent(link)}&refused=1`),
    ];
    await submit('pay', link);
    pages.push(await get(`/result?url=${encodeURIComponent(link)}`));
    pages.push(await open(`${HOSTILE}">`));
    pages.push(
      await get(
        `/open?url=${encodeURIComponent(HOSTILE)}&x=${HOSTILE.replaceAll(' ', '%20').replaceAll('<', '%3C')}`,
      ),
    );
    for (const { body } of pages) {
      expect(body).not.toContain('<img');
      expect(body).not.toContain('onerror=alert(1)>');
    }
    expect(pages[0]!.body).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&#96;&amp;');
  });

  it('goes through one escaping tag', () => {
    expect(escapeHtml(HOSTILE)).toBe('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&#96;&amp;');
    expect(html`<p title="${'"'}">${'<b>'}${html`<i>${1}</i>`}${['&', undefined]}</p>`.text).toBe(
      '<p title="&quot;">&lt;b&gt;<i>1</i>&amp;</p>',
    );
  });

  it('a strict policy forbids inline and foreign code, and no page needs any', async () => {
    const link = await wechatLink('CS000003_2');
    for (const page of [await get(''), await open(link), await get('/parts/list')]) {
      const policy = String(page.headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      expect(page.headers['x-content-type-options']).toBe('nosniff');
      expect(page.headers['referrer-policy']).toBe('same-origin');
      expect(page.body).not.toMatch(
        /<style|<script(?! src="\/wallet\/assets\/wallet\.js" defer>)|\sstyle=|\son\w+=/,
      );
      expect(page.body).not.toMatch(/(?:src|href|action)="(?!\/wallet)/);
    }
  });

  it('forms of another origin pay nothing', async () => {
    const link = await wechatLink('CS000003_3');
    expect((await submit('pay', link, { origin: 'http://evil.example' })).status).toBe(403);
    expect((await submit('pay', link, { origin: 'null' })).status).toBe(403);
    expect((await wechat.query('CS000003_3')).body['trade_state']).toBe('NOTPAY');
    expect((await submit('pay', link, { origin: bench.sandbox.url })).status).toBe(303);
  });

  it('the JSON API takes JSON only', async () => {
    const link = await wechatLink('CS000003_4');
    const plain = await get('/api/pay', {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: JSON.stringify({ url: link }),
    });
    expect(plain.status).toBe(400);
    expect((await wechat.query('CS000003_4')).body['trade_state']).toBe('NOTPAY');
  });
});

describe('languages', () => {
  it('follow the browser, then the choice', async () => {
    expect((await get('')).body).toContain('<html lang="zh-CN">');
    expect((await get('', english)).body).toContain('<html lang="en">');
    const link = await wechatLink('CS000004_1');
    const here = `/wallet/open?url=${encodeURIComponent(link)}`;
    const page = await http(`${bench.sandbox.url}${here}`, english);
    expect(page.body).toContain('Pay ¥1.50');
    const change = /href="(\/wallet\/language[^"]+)"/.exec(page.body)![1]!.replaceAll('&amp;', '&');
    const changed = await http(`${bench.sandbox.url}${change}`, english);
    expect(changed.status).toBe(303);
    expect(changed.headers.location).toBe(here);
    const cookie = changed.headers['set-cookie']![0]!;
    expect(cookie).toContain('HttpOnly');
    const after = await get('', { headers: { ...english.headers, cookie: cookie.split(';')[0] } });
    expect(after.body).toContain('<html lang="zh-CN">');
  });

  it.each(['https://evil.example', '//evil.example', '/\\evil.example', '/walletx', '/sandbox/faults'])(
    'the switch does not lead away to %s',
    async (back) => {
      const { headers } = await get(`/language?to=en&back=${encodeURIComponent(back)}`);
      expect(headers.location).toBe('/wallet');
    },
  );

  it('say everything in both', async () => {
    expect(Object.keys(TEXTS.en)).toEqual(Object.keys(TEXTS.zh));
    expect(Object.keys(TEXTS.en.refusals)).toEqual(Object.keys(TEXTS.zh.refusals));
    const link = await wechatLink('CS000004_2', 'Cola');
    for (const path of [
      '',
      `/open?url=${encodeURIComponent(link)}`,
      `/result?url=${encodeURIComponent(link)}&refused=1`,
    ]) {
      const text = (await get(path, english)).body
        .replaceAll('演示商户', '')
        .replaceAll('中文', '')
        .replaceAll('演', '');
      expect(text).not.toMatch(/[\u4e00-\u9fff]/);
    }
  });
});

describe('the JSON API', () => {
  const api = (path: string, body: unknown) => postJson(`${bench.sandbox.url}/wallet/api${path}`, body);

  it('opens, refuses, pays and lists', async () => {
    const link = await alipay.link({ outTradeNo: 'CS000005_1', amount: '0.01' });
    const waiting = JSON.parse((await get('/api/waiting')).body) as { waiting: { outTradeNo: string }[] };
    expect(waiting.waiting.map((view) => view.outTradeNo)).toEqual(['CS000005_1']);
    expect(await api('/open', { url: link })).toMatchObject({
      status: 200,
      body: {
        ok: true,
        view: { channel: 'alipay', amountFen: 1, state: 'PAYABLE', merchantName: '演示商户' },
      },
    });
    expect(await api('/refuse', { url: link })).toMatchObject({ status: 200, body: { ok: true } });
    expect(await api('/pay', { url: ` ${link}\n` })).toMatchObject({
      status: 200,
      body: { view: { state: 'PAID' } },
    });
    expect(await api('/pay', { url: link })).toMatchObject({
      status: 409,
      body: { ok: false, reason: 'ALREADY_PAID' },
    });
    expect(await api('/pay', { url: 'x' })).toMatchObject({ status: 404, body: { reason: 'UNKNOWN_CODE' } });
    expect((await api('/pay', {})).status).toBe(400);
    expect((await api('/pay', { url: link, amount: 1 })).status).toBe(400);
  });
});

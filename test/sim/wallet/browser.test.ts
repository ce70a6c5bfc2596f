/**
 * The wallet in a real browser, through playwright-core and an installed Chrome or Chromium. Where none is
 * installed the tests are skipped, and a line says so.
 */

import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { newMerchant, newPlatformKeys, startSandbox, type Sandbox } from '../../../sim/providers';
import { AlipayShop } from '../providers/support/alipayShop';
import { WechatShop } from '../providers/support/wechatShop';

const CANDIDATES = [
  process.env['CHROME_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];
const executablePath = CANDIDATES.find((path) => path !== undefined && existsSync(path));
if (!executablePath) {
  process.stderr.write('wallet browser tests skipped: no Chrome or Chromium found (set CHROME_PATH)\n');
}

// A browser on a busy machine takes its time.

const HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';

/** For what a browser on a busy machine takes long over; below a test's own limit. */
const LIMIT_MS = 90_000;

(executablePath ? describe : describe.skip)('the wallet in a browser', () => {
  let sandbox: Sandbox;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let wechat: WechatShop;
  let alipay: AlipayShop;
  let complaints: string[];

  beforeAll(async () => {
    const platformKeys = await newPlatformKeys(Date.now());
    const demoMerchant = await newMerchant(platformKeys, { name: '阳光便利店' }, Date.now());
    sandbox = await startSandbox({
      platformKeys,
      demoMerchant,
      settings: { refundDelayMs: 1, refundIntervalMs: 0 },
    });
    const bench = { sandbox, clock: { nowMs: () => Date.now() }, other: demoMerchant } as never;
    wechat = new WechatShop(bench, demoMerchant);
    alipay = new AlipayShop(bench, demoMerchant);
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    await sandbox?.close();
  });

  async function openPage(locale: string): Promise<void> {
    context = await browser.newContext({
      viewport: { width: 390, height: 844 },
      locale,
      deviceScaleFactor: 2,
    });
    page = await context.newPage();
    page.setDefaultTimeout(LIMIT_MS);
    complaints = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      if (!request.url().startsWith(sandbox.url)) complaints.push(`foreign request ${request.url()}`);
    });
  }

  beforeEach(() => openPage('zh-CN'));
  afterEach(async () => {
    await context.close();
    // Policy violations, script errors and requests elsewhere all end up here.
    expect(complaints).toEqual([]);
  });

  const wechatLink = async (outTradeNo: string, description = '可口可乐 330ml'): Promise<string> =>
    String((await wechat.order({ outTradeNo, more: { description } })).body['code_url']);

  it('pays a WeChat order from the list; the refund then shows by itself', async () => {
    await page.goto(sandbox.walletUrl);
    await page.getByText('没有等待付款的订单').waitFor();
    await wechatLink('CS000001_1');
    // It appears without a reload.
    await page.getByRole('link', { name: /可口可乐/ }).click();
    await page.getByRole('heading', { name: /付款给 阳光便利店/ }).waitFor();
    expect(await page.locator('body').getAttribute('class')).toBe('wechat');
    await page.getByRole('button', { name: '立即支付 ¥1.50' }).click();
    await page.getByRole('heading', { name: '支付成功' }).waitFor();
    expect(sandbox.trade('CS000001_1')).toMatchObject({ providerState: 'SUCCESS' });
    await wechat.refund('CS000001_1', 'R1', 150);
    await page.getByText('已退款').waitFor();
  });

  it('pays an Alipay code by its pasted link', async () => {
    const link = await alipay.link({ outTradeNo: 'CS000002_1', amount: '3.00' });
    await page.goto(sandbox.walletUrl);
    await page.getByLabel('二维码链接').fill(` ${link} `);
    await page.getByRole('button', { name: '打开' }).click();
    await page.getByRole('button', { name: '立即支付 ¥3.00' }).waitFor();
    expect(await page.locator('body').getAttribute('class')).toBe('alipay');
    expect(sandbox.trade('CS000002_1')).toMatchObject({ providerState: 'WAIT_BUYER_PAY' });
    await page.getByRole('button', { name: '立即支付 ¥3.00' }).click();
    await page.getByRole('heading', { name: '支付成功' }).waitFor();
    expect(sandbox.trade('CS000002_1')).toMatchObject({ providerState: 'TRADE_SUCCESS' });
  });

  it('refuses, then pays after all', async () => {
    const link = await wechatLink('CS000003_1');
    await page.goto(`${sandbox.walletUrl}/open?url=${encodeURIComponent(link)}`);
    await page.getByRole('button', { name: '取消' }).click();
    await page.getByRole('heading', { name: '未付款' }).waitFor();
    expect(sandbox.trade('CS000003_1')).toMatchObject({ providerState: 'NOTPAY' });
    await page.getByRole('link', { name: '重新付款' }).click();
    await page.getByRole('button', { name: /立即支付/ }).click();
    await page.getByRole('heading', { name: '支付成功' }).waitFor();
  });

  it('notices while it is open that the order was closed', async () => {
    const link = await wechatLink('CS000004_1');
    await page.goto(`${sandbox.walletUrl}/open?url=${encodeURIComponent(link)}`);
    await page.getByRole('button', { name: /立即支付/ }).waitFor();
    await wechat.close('CS000004_1');
    await page.getByText('订单已关闭。').waitFor();
    expect(await page.getByRole('button', { name: /立即支付/ }).count()).toBe(0);
  });

  it('changes to English and stays so', async () => {
    const link = await wechatLink('CS000005_1', 'Cola');
    await page.goto(`${sandbox.walletUrl}/open?url=${encodeURIComponent(link)}`);
    await page.getByRole('link', { name: 'English' }).click();
    await page.getByRole('button', { name: 'Pay ¥1.50' }).waitFor();
    await page.getByRole('link', { name: 'WeChat Pay' }).click();
    await page.getByRole('heading', { name: 'Waiting to be paid' }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
  });

  it('runs no code from a goods name, on any page', async () => {
    const link = await wechatLink('CS000006_1', HOSTILE);
    await page.goto(sandbox.walletUrl);
    await page.getByText('<img src=x').waitFor();
    await page.goto(`${sandbox.walletUrl}/open?url=${encodeURIComponent(link)}`);
    await page.getByRole('button', { name: /立即支付/ }).click();
    await page.getByRole('heading', { name: '支付成功' }).waitFor();
    expect(await page.evaluate(() => (globalThis as { hacked?: number }).hacked)).toBeUndefined();
  });

  it('fits a phone of 390 px, with targets large enough for a thumb, also with a very long name', async () => {
    const link = await wechatLink('CS000007_1', 'W'.repeat(127));
    for (const url of ['', `/open?url=${encodeURIComponent(link)}`]) {
      await page.goto(`${sandbox.walletUrl}${url}`);
      const width = await page.evaluate('document.documentElement.scrollWidth');
      expect(width).toBeLessThanOrEqual(390);
      for (const target of await page.locator('main a, main button').all()) {
        expect((await target.boundingBox())!.height).toBeGreaterThanOrEqual(44);
      }
    }
  });

  it('can be used with the keyboard alone, and keeps the focus over a refresh', async () => {
    await wechatLink('CS000008_1', '键盘');
    await page.goto(sandbox.walletUrl);
    const card = page.getByRole('link', { name: /键盘/ });
    const isFocused = (): Promise<boolean> => card.evaluate((element) => element.matches(':focus'));
    for (let tab = 0; tab < 40 && !(await isFocused()); tab += 1) await page.keyboard.press('Tab');
    expect(await isFocused()).toBe(true);
    await wechatLink('CS000008_2', '后来的');
    await page.getByText('后来的').waitFor();
    expect(await isFocused()).toBe(true);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: /立即支付/ }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: '支付成功' }).waitFor();
  });

  it('works without its script', async () => {
    await context.close();
    context = await browser.newContext({ javaScriptEnabled: false, locale: 'zh-CN' });
    page = await context.newPage();
    const link = await wechatLink('CS000009_1');
    await page.goto(`${sandbox.walletUrl}/open?url=${encodeURIComponent(link)}`);
    await page.getByRole('button', { name: /立即支付/ }).click();
    await page.getByRole('heading', { name: '支付成功' }).waitFor();
  });
});

/**
 * A payment link as a QR code: in the terminal, as PNG, as SVG. Error correction M, as printed on a label.
 */
import QRCode from 'qrcode';
import terminal from 'qrcode-terminal';

const PNG_WIDTH = 512;

/** The code in half blocks, for a terminal. */
export function qrText(url: string): string {
  let picture = '';
  terminal.generate(url, { small: true }, (text) => {
    picture = text;
  });
  return picture;
}

export function qrPng(url: string): Promise<Buffer> {
  return QRCode.toBuffer(url, { errorCorrectionLevel: 'M', width: PNG_WIDTH });
}

export function qrSvg(url: string): Promise<string> {
  return QRCode.toString(url, { errorCorrectionLevel: 'M', type: 'svg' });
}

/** A merchant of the sandbox as the server's payment parameters. */
import type { Channel } from '../../../server/providers';
import { parameterForm, type MerchantParameters } from '../../../sim/providers';

export function parametersFor(channel: Channel, merchant: MerchantParameters): Record<string, unknown> {
  return { ...parameterForm(channel, merchant) };
}

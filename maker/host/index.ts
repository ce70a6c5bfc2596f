export { HostError, type HostErrorCode } from './errors';
export { Exchange, type ExchangeOptions, type Message, type TraceEntry, type Verdict } from './exchange';
export { Host, type HostEvent, type HostOptions } from './host';
export type { Info, ModuleTime, OrderStatus, Payment, Qr, Settings, Signal } from './messages';
export { isFinal } from './messages';
export { channelName, linkName, linkText, stateName, typeName, yuan } from './names';
export { DEFAULT_BAUD, type HostPort, openPort } from './port';
export { reasonName, reasonText } from './reasons';
export { DataStream, type StreamListener, type StreamTarget } from './stream';

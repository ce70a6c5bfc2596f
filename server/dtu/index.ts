export { openStreams } from './open-streams';

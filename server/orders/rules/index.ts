/** All rules of the order machine, by the names that docs/orders-server.md uses. */
export * from './grant';
export * from './outside';
export * from './payment';
export * from './settlement';
export * from './step';
export * from './trade';

export * from './chip';
export * from './store';

export { policy, serve } from '../src/commands/pageserver.node.ts';

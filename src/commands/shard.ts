export { listenForCoordinators } from '../generators/shards/listen.ts'
export { serveShard } from '../generators/shards/serve.ts'

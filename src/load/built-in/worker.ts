import { runJob } from './thread-run.ts'

/** What tinypool calls in a worker thread. */
export default runJob

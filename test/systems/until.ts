import { setTimeout as sleep } from 'node:timers/promises'

/** What a machine does at once may take this long on one that is busy with other tests. */
const patienceMs = 60_000

/** Waits until something is so, and no longer than a busy machine needs; what is wrong then, an assertion says. */
export async function until(isSo: () => boolean | Promise<boolean>, limitMs = patienceMs): Promise<void> {
  const endMs = performance.now() + limitMs
  while (!(await isSo()) && performance.now() < endMs) await sleep(50)
}

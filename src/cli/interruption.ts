/**
 * Turns Ctrl-C and SIGTERM into an abort, so that everything is stopped before the process ends. `quiet` prints
 * nothing, for commands that started nothing. `consequence` says what becomes of the measurement.
 */
export function interruption({
  quiet = false,
  consequence = 'The point in flight is dropped; fulcrum resume continues the run.',
} = {}): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController()
  let asked = 0
  const onSignal = (name: NodeJS.Signals) => {
    asked++
    if (asked === 1) {
      if (!quiet) process.stderr.write(`\n${name}: stopping. ${consequence}\n`)
      controller.abort(new DOMException(`interrupted by ${name}`, 'AbortError'))
    } else if (asked === 2) {
      process.stderr.write(
        'Still stopping deployments. Press Ctrl-C again to quit now; the next run then lists the leftovers.\n',
      )
    } else {
      process.exit(130)
    }
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  process.on('SIGHUP', onSignal)
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
      process.off('SIGHUP', onSignal)
    },
  }
}

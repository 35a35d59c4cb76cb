/** The alternate screen of a terminal. The normal screen keeps its content. */
export interface FullScreen extends Disposable {
  /** Shows a text from the top. Lines below the last row are cut. */
  paint(text: string): void
}

/** DEC private mode 1049: the alternate screen, with the cursor position saved (xterm, ctlseqs). */
const enter = '\x1b[?1049h'
const leave = '\x1b[?1049l'
const home = '\x1b[H'
const eraseLine = '\x1b[K'
const eraseBelow = '\x1b[J'

/**
 * Switches a terminal to its alternate screen until disposal, and repaints after a resize. The end of the process
 * restores the screen too, but not if the process is killed. Leaves the cursor visible for that case.
 */
export function fullScreen(stream: NodeJS.WriteStream): FullScreen {
  let shown = ''
  const paint = () => {
    const rows = Math.max(1, stream.rows ?? 24)
    const lines = shown.split('\n').slice(0, rows)
    stream.write(`${home}${lines.map(line => `${line}${eraseLine}`).join('\r\n')}${eraseBelow}`)
  }
  let isOpen = true
  const restore = () => {
    if (!isOpen) return
    isOpen = false
    stream.off('resize', paint)
    process.off('exit', restore)
    stream.write(leave)
  }
  stream.write(enter)
  stream.on('resize', paint)
  process.on('exit', restore)
  return {
    paint: text => {
      shown = text
      paint()
    },
    [Symbol.dispose]: restore,
  }
}

import { execa } from 'execa'

/** A program that cannot open the page reports this within 3 s. A browser itself may run on. */
const failsWithinMs = 3000

/**
 * Opens a page in the browser of this machine. If that is not possible, prints where the page is. Never throws.
 * @param page path or URL
 */
export async function openPage(
  page: string,
  { platform, env }: Readonly<Pick<NodeJS.Process, 'platform' | 'env'>> = process,
): Promise<void> {
  const opener = openerOn(platform, env)
  if (opener === null || !(await opens([...opener, page], env)))
    process.stderr.write(`No browser can be started here. Open ${page}\n`)
}

/** The program that opens a page; null without a graphical screen, where only a text browser could open it. */
function openerOn(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): readonly [string, ...string[]] | null {
  if (platform === 'darwin') return ['open']
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler']
  return [env.DISPLAY, env.WAYLAND_DISPLAY, env.BROWSER].some(value => value !== undefined && value !== '')
    ? ['xdg-open']
    : null
}

async function opens(argv: readonly [string, ...string[]], env: NodeJS.ProcessEnv): Promise<boolean> {
  const [program, ...args] = argv
  // A group of its own keeps Ctrl-C here from closing the browser.
  const opening = execa(program, args, {
    env,
    extendEnv: false,
    detached: true,
    cleanup: false,
    stdio: 'ignore',
    reject: false,
  })
  opening.unref()
  const deadline = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => deadline.resolve(true), failsWithinMs)
  try {
    return await Promise.race([opening.then(({ failed }) => !failed), deadline.promise])
  } finally {
    clearTimeout(timer)
  }
}

type Settings = { readonly [name: string]: unknown }

/** What `vllm serve` is started with. */
export interface ServeOptions {
  readonly program: string
  /** What to load: a name on Hugging Face or a folder. */
  readonly source: string
  /** Name that requests carry. */
  readonly model: string
  /** A number, or what a preview shows for one. */
  readonly port: number | string
  /** Arguments, those of the sweep's engine section last: vLLM takes the last of a name. */
  readonly settings: readonly Settings[]
}

/** The command line of one server, which listens on loopback only. */
export function serveCommand({ program, source, model, port, settings }: ServeOptions): [string, ...string[]] {
  const own = ['--host', '127.0.0.1', '--port', String(port), '--served-model-name', model]
  return [program, 'serve', source, ...own, ...settings.flatMap(flags)]
}

/** `max_num_seqs: 8` is `--max-num-seqs 8`; `true` a bare flag, `false` its `--no-` form, a map JSON. */
function flags(settings: Settings): readonly string[] {
  return Object.entries(settings).flatMap(([key, value]) => {
    const name = key.replaceAll('_', '-')
    if (value === true) return [`--${name}`]
    if (value === false) return [`--no-${name}`]
    return [`--${name}`, typeof value === 'string' ? value : JSON.stringify(value)]
  })
}

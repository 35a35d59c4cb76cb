/** One thing that `fulcrum doctor` looked at, and what it found. */
export interface Check {
  readonly name: string
  /** Where: `this machine`, `node gb200-02`, a URL, a file. */
  readonly where: string
  /** False: the sweep would fail or measure something else. */
  readonly ok: boolean
  readonly detail: string
  /** What to do; an ok check that has one is worth a look. */
  readonly remedy?: string
}

export const thisMachine = 'this machine'

export const passed = (name: string, detail: string, where = thisMachine): Check => ({ name, where, ok: true, detail })

/** Nothing is broken, and yet somebody should know. */
export const noticed = (name: string, detail: string, remedy: string, where = thisMachine): Check => ({
  name,
  where,
  ok: true,
  detail,
  remedy,
})

export const missed = (name: string, detail: string, remedy: string, where = thisMachine): Check => ({
  name,
  where,
  ok: false,
  detail,
  remedy,
})

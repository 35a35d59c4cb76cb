/** Result of one check of `fulcrum doctor`. */
export interface Check {
  readonly name: string
  /** Place of the check: `this machine`, `node gb200-02`, a URL, a file. */
  readonly where: string
  /** False if the sweep would fail or measure something else. */
  readonly ok: boolean
  readonly detail: string
  /** What to do. A passed check with a remedy needs attention. */
  readonly remedy?: string
}

/** Place of a check on the machine on which Fulcrum runs. */
export const thisMachine = 'this machine'

/** A passed check. Its detail states the observation. */
export const passed = (name: string, detail: string, where = thisMachine): Check => ({ name, where, ok: true, detail })

/** A passed check that the user should know about. */
export const noticed = (name: string, detail: string, remedy: string, where = thisMachine): Check => ({
  name,
  where,
  ok: true,
  detail,
  remedy,
})

/** A failed check. Its remedy states what to do. */
export const missed = (name: string, detail: string, remedy: string, where = thisMachine): Check => ({
  name,
  where,
  ok: false,
  detail,
  remedy,
})

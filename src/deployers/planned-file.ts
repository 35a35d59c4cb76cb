/** A file that a deployer would write. */
export interface PlannedFile {
  readonly path: string
  readonly content: string
}

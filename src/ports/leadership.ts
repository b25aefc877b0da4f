/** Who of several processes does what only one should do. A hint for economy: the work itself must bear being done twice. */
export interface Leadership {
  /** Whether this process leads now; becomes the leader if nobody is. Never throws: without the database nobody leads. */
  isLeader(): Promise<boolean>;
  /** Lets another process lead. */
  resign(): Promise<void>;
}

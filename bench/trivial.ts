/** The least that a compiled program does: the bare start of the runtime. */
process.exit(0);

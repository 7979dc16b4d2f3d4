/**
 * Ends the process where its output can no longer be written: quietly and with code 0 after a reader that has seen
 * enough (`nerbert … | head`), else with code 1 and the reason.
 */
export function endWithReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0);
      process.stderr.write(`nerbert: the output cannot be written: ${error.message}\n`);
      process.exit(1);
    });
  }
}

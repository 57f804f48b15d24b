/** Resolves at the first SIGTERM or SIGINT. A second SIGINT ends the process at once, for the impatient. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let seen = false;
    const on = (signal: NodeJS.Signals) => {
      if (seen && signal === 'SIGINT') process.exit(130);
      seen = true;
      resolve(signal);
    };
    process.on('SIGTERM', on);
    process.on('SIGINT', on);
  });
}

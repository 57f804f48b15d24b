/**
 * A program that a test needs, from another project, is not on this machine. The test says so and leaves it at that;
 * where everything has to be tried (`SALLYPORT_TEST_PEERS=required`), it fails.
 */
export function peerIsMissing(name: string, debianPackage: string): void {
  const line = `${name} is not installed: apt-get install ${debianPackage}`;
  if (process.env['SALLYPORT_TEST_PEERS'] === 'required') throw new Error(line);
  process.stderr.write(`${line}\n`);
}

import { Socket } from 'node:net';

/** Whoever is told what a client sent. The bytes are only valid during the call. */
export interface ClientReader {
  onSharedBytes(bytes: Buffer): void;
}

/**
 * Reads are handled before the next one starts, in one thread, so one buffer serves all client sockets: a request
 * allocates no memory to be read into, and a streamed body leaves none behind.
 */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);

/** Whether these bytes are overwritten by the next read. */
export function isShared(bytes: Buffer): boolean {
  return bytes.buffer === readBuffer.buffer;
}

/** A socket that reads into the shared buffer. */
export class ClientSocket extends Socket {
  reader: ClientReader | undefined = undefined;
}

const onread = {
  buffer: readBuffer,
  callback(this: unknown, length: number): boolean {
    if (this instanceof ClientSocket) this.reader?.onSharedBytes(readBuffer.subarray(0, length));
    return true;
  },
};

/**
 * The same connection as a socket that reads into the shared buffer. Node offers that for outgoing connections only,
 * so the handle moves from the accepted socket to a new one; where it cannot, the accepted socket is used as it is.
 */
export function takeOver(accepted: Socket): Socket {
  const holder = accepted as unknown as { _handle?: object | null };
  const handle = holder._handle;
  if (typeof handle !== 'object' || handle === null) return accepted;
  holder._handle = null;
  // The typings leave out that a socket can be made from a handle.
  const socket = new ClientSocket({ allowHalfOpen: true, onread, ...({ handle } as object) });
  // Without its handle it only leaves the server's count.
  accepted.destroy();
  return socket;
}

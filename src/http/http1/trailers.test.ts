import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { memoryRequest } from '../memory-request.ts';
import { hello, openGateway, request } from '../testing.ts';
import { keptTrailers, wantsTrailers } from './trailers.ts';

const answer =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\nSet-Cookie: a=b\r\n\r\n';

describe('trailers of an answer', () => {
  for (const cut of [false, true]) {
    it(`reach a client that reads them, but for those that must not stand there${cut ? ', byte by byte' : ''}`, async (t) => {
      const { client, upstream } = await openGateway(t, (side) => {
        if (cut) for (const byte of Buffer.from(answer, 'latin1')) side.socket.write(Buffer.of(byte));
        else side.socket.write(answer);
      });
      for (let i = 1; i <= 2; i += 1) {
        client.text = '';
        client.send(request('GET /', 'TE: trailers\r\n'));
        await client.receive(/0\r\nX-Sum: 7\r\n\r\n$/);
        assert.equal(upstream.sides.length, 1);
      }
      client.text = '';
      client.send(request('GET /', 'TE: gzip\r\n'));
      await client.receive(/3\r\nabc\r\n0\r\n\r\n$/);
    });
  }

  it('are no part of the decoded body of an HTTP/1.0 client', async (t) => {
    const { client } = await openGateway(t, (side) => side.socket.write(answer));
    client.send('GET / HTTP/1.0\r\nTE: trailers\r\n\r\n');
    assert.match(await client.end(), /\r\n\r\nabc$/);
  });
});

describe('trailers of a request', () => {
  const body = '3\r\nabc\r\n0\r\nX-Sum: 7\r\nX-Consumer-ID: me\r\nAuthorization: x\r\n\r\n';
  const framed = request('POST /', 'Transfer-Encoding: chunked\r\n');

  for (const cut of [false, true]) {
    it(`go upstream as the plan says${cut ? ', however they come' : ''}`, async (t) => {
      const { client, upstream } = await openGateway(
        t,
        (side) => {
          if (side.text.endsWith('\r\n\r\n') && side.heads() === 2) side.socket.write(hello);
        },
        { plan: { passesTrailer: (lower) => lower !== 'x-consumer-id' } },
      );
      client.send(framed);
      for (const byte of cut ? body : [body]) {
        client.send(byte);
        if (cut) await new Promise((resolve) => setImmediate(resolve));
      }
      await client.receive('hello');
      assert.match(upstream.text(), /0\r\nX-Sum: 7\r\n\r\n$/);
      assert.doesNotMatch(upstream.text(), /consumer|authorization/i);
    });
  }

  it('stay here without a plan for them', async (t) => {
    const { client, upstream } = await openGateway(t, (side) => {
      if (side.text.endsWith('0\r\n\r\n')) side.socket.write(hello);
    });
    client.send(framed + body);
    await client.receive('hello');
    assert.doesNotMatch(upstream.text(), /X-Sum/);
  });
});

describe('the rules about trailers', () => {
  it('know who wants them', () => {
    const wants = (te: string): boolean =>
      wantsTrailers(memoryRequest({ method: 'GET', target: '/', headers: [['TE', te]] }));
    for (const te of ['trailers', 'Trailers', 'gzip, trailers', 'trailers;q=1, gzip'])
      assert.equal(wants(te), true, te);
    for (const te of ['', 'gzip', 'trailersx', 'x-trailers']) assert.equal(wants(te), false, te);
    assert.equal(wantsTrailers(memoryRequest({ method: 'GET', target: '/', headers: [] })), false);
  });

  it('keep out what decides about the message', () => {
    const section = 'A: 1\r\ncontent-type: x\r\nConnection: close\r\nB:2\r\nTrailer: c\r\nhost: h\r\n';
    assert.equal(
      keptTrailers(section, (lower) => lower !== 'b'),
      'A: 1\r\n',
    );
  });
});

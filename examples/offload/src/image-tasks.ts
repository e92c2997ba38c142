// Thread: decodes, shrinks and encodes images. pngjs is plain JavaScript: in the worker itself it would
// block everybody else.
import { transfer } from '@corral/core/task';
import { PNG } from 'pngjs';

/** Each pixel becomes the mean of the square that it stands for. */
export function shrink(png: Uint8Array, factor: number): Uint8Array {
  const source = read(png);
  const width = Math.max(1, Math.floor(source.width / factor));
  const height = Math.max(1, Math.floor(source.height / factor));
  const target = new PNG({ width, height });
  for (let at = 0; at < width * height; at += 1) {
    const [left, top] = [(at % width) * factor, Math.floor(at / width) * factor];
    for (let channel = 0; channel < 4; channel += 1) {
      target.data[at * 4 + channel] = mean(source, left, top, factor, channel);
    }
  }
  // A copy of its own, as small buffers share their memory with others; it moves, it is not copied again.
  const encoded = Uint8Array.from(PNG.sync.write(target));
  return transfer(encoded, [encoded.buffer]);
}

function read(png: Uint8Array): PNG {
  try {
    return PNG.sync.read(Buffer.from(png.buffer, png.byteOffset, png.byteLength));
  } catch (cause) {
    // Members that are plain values come with the error to the caller: Express answers 400.
    throw Object.assign(new Error('the body is no PNG image', { cause }), { statusCode: 400 });
  }
}

function mean(
  { data, width, height }: PNG,
  left: number,
  top: number,
  factor: number,
  channel: number,
): number {
  let [sum, count] = [0, 0];
  for (let y = top; y < Math.min(top + factor, height); y += 1) {
    for (let x = left; x < Math.min(left + factor, width); x += 1) {
      sum += data[(y * width + x) * 4 + channel] ?? 0;
      count += 1;
    }
  }
  return Math.round(sum / count);
}

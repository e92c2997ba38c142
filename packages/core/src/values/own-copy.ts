// Any process: reads a value that was serialized, so that it shares no memory with anything.
import v8 from 'node:v8';

/** @throws when it is not the bytes of a value */
export function deserializeOwn(data: Uint8Array): unknown {
  return new CopyingDeserializer(data).read();
}

/**
 * Gives Buffers and typed arrays memory of their own. Node's leaves them as windows on what it reads: a
 * store, or whatever else came through a channel at the same time.
 */
class CopyingDeserializer extends v8.DefaultDeserializer {
  read(): unknown {
    this.readHeader();
    return this.readValue();
  }

  /** Called by Node for each view. */
  _readHostObject(): NodeJS.ArrayBufferView {
    const view = readHostObject.call(this);
    if (!Buffer.isBuffer(view) && !(view instanceof DataView)) return view.slice();
    const { byteOffset, byteLength } = view;
    const bytes = view.buffer.slice(byteOffset, byteOffset + byteLength);
    // Not in the pool that small Buffers share: whoever gets it may transfer it.
    return Buffer.isBuffer(view) ? Buffer.from(bytes) : new DataView(bytes);
  }
}

// Documented, but missing in the types.
const { _readHostObject: readHostObject } = v8.DefaultDeserializer.prototype as unknown as {
  _readHostObject(
    this: v8.DefaultDeserializer,
  ): Exclude<NodeJS.ArrayBufferView, DataView> | DataView;
};

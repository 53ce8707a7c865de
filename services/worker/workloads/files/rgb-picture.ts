/** A picture with three channels of 8 bits. */
export interface RgbPicture {
  readonly height: number;
  readonly width: number;
  /** height × width × 3. */
  readonly rgb: Uint8Array;
}

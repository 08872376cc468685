/** How a frame's file is decoded: stored values are shown as they are. */
export const DECODING: ImageBitmapOptions = { colorSpaceConversion: "none", premultiplyAlpha: "none" };

"""Headers of MPEG audio frames, and of the tags that stand before them."""

# ISO/IEC 11172-3, 2.4.2.3, and 13818-3: kbit/s by bit-rate index, Hz by rate index.
_KBPS_V1 = {
    1: (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    2: (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    3: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
}
_KBPS_V2 = {
    1: (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    2: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    3: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES_V1_HZ = (44_100, 48_000, 32_000)


def mpeg_frame_bytes(header: bytes) -> int:
    """Length of the MPEG audio frame with this header, 0 when it is none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return 0
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    kbps_index, rate_index = header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or layer == 4 or kbps_index in (0, 15) or rate_index == 3:
        return 0
    kbps = (_KBPS_V1 if version == 3 else _KBPS_V2)[layer][kbps_index - 1]
    rate_hz = _RATES_V1_HZ[rate_index] // {3: 1, 2: 2, 0: 4}[version]
    padding = header[2] >> 1 & 1
    if layer == 1:
        return (12_000 * kbps // rate_hz + padding) * 4
    samples = 576 if layer == 3 and version != 3 else 1152
    return samples // 8 * 1000 * kbps // rate_hz + padding


def id3_bytes(head: bytes) -> int:
    """Length of an ID3v2 tag at the start, 0 when there is none (id3.org, ID3v2.4, 3.1)."""
    if not head.startswith(b"ID3") or len(head) < 10:
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    footer = 10 if head[5] & 0x10 else 0
    return 10 + size + footer

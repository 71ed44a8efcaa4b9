#!/usr/bin/python3
"""reference.py: prints the rows of our vector tables that no standard publishes.

Written from the specifications, sharing no code with what it judges; each part proves itself on a
published vector first. Needs python3-cryptography for the raw block cipher and stream cipher.
"""
import hashlib
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305


# --- Argon2id, RFC 9106 ---------------------------------------------------------------------------

MASK = 2**64 - 1
BLOCK = 1024


def long_hash(data, n):
    """H' of §3.3: BLAKE2b of any length."""
    data = struct.pack('<I', n) + data
    if n <= 64:
        return hashlib.blake2b(data, digest_size=n).digest()
    v = hashlib.blake2b(data).digest()
    out = v[:32]
    while n - len(out) > 64:
        v = hashlib.blake2b(v).digest()
        out += v[:32]
    return out + hashlib.blake2b(v, digest_size=n - len(out)).digest()


def mix(v, a, b, c, d):
    """GB of §3.6."""
    def fma(x, y):
        return (x + y + 2 * (x & 0xffffffff) * (y & 0xffffffff)) & MASK

    def rotated_xor(x, y, n):
        x ^= y
        return (x >> n | x << (64 - n)) & MASK

    v[a] = fma(v[a], v[b])
    v[d] = rotated_xor(v[d], v[a], 32)
    v[c] = fma(v[c], v[d])
    v[b] = rotated_xor(v[b], v[c], 24)
    v[a] = fma(v[a], v[b])
    v[d] = rotated_xor(v[d], v[a], 16)
    v[c] = fma(v[c], v[d])
    v[b] = rotated_xor(v[b], v[c], 63)


def permute(v, at):
    """P of §3.6 on the sixteen words whose indices are given."""
    for a, b, c, d in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                       (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
        mix(v, at[a], at[b], at[c], at[d])


def compress(x, y):
    """G of §3.5 on blocks as lists of 128 words."""
    r = [p ^ q for p, q in zip(x, y)]
    z = r[:]
    for row in range(8):
        permute(z, range(16 * row, 16 * row + 16))
    for column in range(8):
        permute(z, [16 * i + 2 * column + j for i in range(8) for j in (0, 1)])
    return [p ^ q for p, q in zip(r, z)]


def words(octets):
    return list(struct.unpack('<128Q', octets))


class Argon2id:
    """One computation, §3.2."""

    def __init__(self, password, salt, passes, memory_kib, lanes=1, n=32, secret=b'', extra=b''):
        def field(octets):
            return struct.pack('<I', len(octets)) + octets
        h0 = hashlib.blake2b(
            struct.pack('<6I', lanes, n, memory_kib, passes, 0x13, 2)
            + field(password) + field(salt) + field(secret) + field(extra)).digest()
        self.lanes, self.passes = lanes, passes
        self.total = 4 * lanes * (memory_kib // (4 * lanes))
        self.columns = self.total // lanes
        self.segment = self.columns // 4
        self.memory = [[None] * self.columns for _ in range(lanes)]
        for lane in range(lanes):
            for column in (0, 1):
                self.memory[lane][column] = words(
                    long_hash(h0 + struct.pack('<2I', column, lane), BLOCK))
        for turn in range(passes):
            for part in range(4):
                for lane in range(lanes):
                    self.fill(turn, part, lane)
        last = [0] * 128
        for lane in range(lanes):
            last = [p ^ q for p, q in zip(last, self.memory[lane][-1])]
        self.tag = long_hash(struct.pack('<128Q', *last), n)

    def addresses(self, turn, part, lane):
        """J1 and J2 of a segment, independent of the data, §3.4.1.2."""
        zero, out = [0] * 128, []
        for counter in range(1, -(-self.segment // 128) + 1):
            head = [turn, lane, part, self.total, self.passes, 2, counter] + [0] * 121
            out += compress(zero, compress(zero, head))
        return out

    def fill(self, turn, part, lane):
        """A segment, §3.4."""
        independent = turn == 0 and part < 2
        pseudo_random = self.addresses(turn, part, lane) if independent else None
        for i in range(2 if turn == 0 and part == 0 else 0, self.segment):
            column = part * self.segment + i
            previous = self.memory[lane][column - 1]
            j = pseudo_random[i] if independent else previous[0]
            j1, j2 = j & 0xffffffff, j >> 32
            from_lane = lane if turn == 0 and part == 0 else j2 % self.lanes
            reach = (part if turn == 0 else 3) * self.segment
            reach += i - 1 if from_lane == lane else (-1 if i == 0 else 0)
            z = reach - 1 - (reach * (j1 * j1 >> 32) >> 32)
            start = 0 if turn == 0 else (part + 1) * self.segment % self.columns
            new = compress(previous, self.memory[from_lane][(start + z) % self.columns])
            if turn > 0:
                new = [p ^ q for p, q in zip(new, self.memory[lane][column])]
            self.memory[lane][column] = new


def argon2_rows():
    rfc = Argon2id(b'\1' * 32, b'\2' * 16, 3, 32, lanes=4, secret=b'\3' * 8, extra=b'\4' * 12)
    assert rfc.tag.hex() == '0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659'
    for password, passes, memory, n in ((b'', 1, 8, 16), (b'correct horse', 1, 64, 32),
                                        (b'correct horse', 3, 32, 32), (b'p' * 200, 2, 100, 64)):
        tag = Argon2id(password, bytes(range(16)), passes, memory, n=n).tag
        print('argon2id', password, passes, memory, tag.hex())


# --- XChaCha20 and libsodium's secretstream -------------------------------------------------------

def rotl(x, n):
    return (x << n | x >> (32 - n)) & 0xffffffff


def hchacha20(key, nonce):
    """draft-irtf-cfrg-xchacha §2.2."""
    s = list(struct.unpack('<16I', b'expand 32-byte k' + key + nonce))
    for _ in range(10):
        for a, b, c, d in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                           (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            for x, y, z, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                s[x] = (s[x] + s[y]) & 0xffffffff
                s[z] = rotl(s[z] ^ s[x], n)
    return struct.pack('<8I', *s[:4], *s[12:])


def chacha20(key, nonce, counter, data):
    cipher = Cipher(algorithms.ChaCha20(key, struct.pack('<I', counter) + nonce), mode=None)
    return cipher.encryptor().update(data)


def zeros(n):
    return bytes(-n % 16)


def xchacha_seal(key, nonce, context, plain):
    key, nonce = hchacha20(key, nonce[:16]), bytes(4) + nonce[16:]
    sealed = chacha20(key, nonce, 1, plain)
    lengths = struct.pack('<2Q', len(context), len(plain))
    over = context + zeros(len(context)) + sealed + zeros(len(sealed)) + lengths
    return sealed + Poly1305.generate_tag(chacha20(key, nonce, 0, bytes(32)), over)


class SecretStream:
    """libsodium's construction, as its documentation describes it."""

    def __init__(self, key, header):
        self.key = hchacha20(key, header[:16])
        self.nonce = header[16:]
        self.counter = 1

    def push(self, tag, context, plain):
        nonce = struct.pack('<I', self.counter) + self.nonce
        block = chacha20(self.key, nonce, 1, bytes([tag]) + bytes(63))
        sealed = chacha20(self.key, nonce, 2, plain)
        # The padding counts from the wrong end, in every version: part of the format by now.
        over = context + zeros(len(context)) + block + sealed + bytes((len(plain) - 64) % 16)
        over += struct.pack('<2Q', len(context), 64 + len(plain))
        mac = Poly1305.generate_tag(chacha20(self.key, nonce, 0, bytes(32)), over)
        self.nonce = bytes(a ^ b for a, b in zip(self.nonce, mac[:8]))
        self.counter += 1
        if tag & 2:
            self.rekey()
        return block[:1] + sealed + mac

    def rekey(self):
        nonce = struct.pack('<I', self.counter) + self.nonce
        fresh = chacha20(self.key, nonce, 0, self.key + self.nonce)
        self.key, self.nonce, self.counter = fresh[:32], fresh[32:], 1


def xchacha_rows():
    key, nonce = bytes(range(0x80, 0xa0)), bytes(range(0x40, 0x58))
    text = (b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
            b'future, sunscreen would be it.')
    sealed = xchacha_seal(key, nonce, bytes.fromhex('50515253c0c1c2c3c4c5c6c7'), text)
    assert sealed[-16:].hex() == 'c0875924c1c7987947deafd8780acf49'  # the draft's appendix A.3.1
    print('xchacha draft', sealed.hex())
    print('xchacha empty', xchacha_seal(key, nonce, b'', b'').hex())
    stream = SecretStream(bytes(range(32)), bytes(range(100, 124)))
    for tag, context, plain in ((0, b'', b''), (0, b'1', b'first'), (0, b'', bytes(range(70))),
                                (3, b'end', b'the last one')):
        print('secretstream', tag, context, plain.hex(), stream.push(tag, context, plain).hex())


# --- AES-GCM with nonces of 16 octets, NIST SP 800-38D --------------------------------------------

def aes_block(key, block):
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)


def times(x, y):
    """In the field of GHASH, §6.3: octets as numbers, the first bit highest."""
    z = 0
    for bit in range(127, -1, -1):
        if x >> bit & 1:
            z ^= y
        y = y >> 1 ^ (0xe1 << 120 if y & 1 else 0)
    return z


def ghash(h, data):
    h, y = int.from_bytes(h, 'big'), 0
    for at in range(0, len(data), 16):
        y = times(y ^ int.from_bytes(data[at:at + 16], 'big'), h)
    return y.to_bytes(16, 'big')


def nonce_for(key, first):
    """The nonce of 16 octets that begins at this counter block: GHASH backwards."""
    h, inverse = int.from_bytes(aes_block(key, bytes(16)), 'big'), 1 << 127
    for bit in range(128):  # h^(2^128 - 2)
        inverse = times(inverse, inverse) if bit == 127 else times(times(inverse, inverse), h)
    back = times(times(int.from_bytes(first, 'big'), inverse) ^ 128, inverse)
    return back.to_bytes(16, 'big')


def gcm_seal(key, iv, plain):
    h = aes_block(key, bytes(16))
    if len(iv) == 12:
        first = iv + b'\0\0\0\1'
    else:
        first = ghash(h, iv + zeros(len(iv)) + struct.pack('>2Q', 0, 8 * len(iv)))
    sealed, counter = b'', int.from_bytes(first[12:], 'big')
    for at in range(0, len(plain), 16):
        counter = (counter + 1) % 2**32
        pad = aes_block(key, first[:12] + struct.pack('>I', counter))
        sealed += bytes(a ^ b for a, b in zip(plain[at:at + 16], pad))
    over = sealed + zeros(len(sealed)) + struct.pack('>2Q', 0, 8 * len(sealed))
    return sealed, bytes(a ^ b for a, b in zip(ghash(h, over), aes_block(key, first)))


def gcm_rows():
    _, tag = gcm_seal(bytes(16), bytes(12), bytes(16))
    assert tag.hex() == 'ab6e47d42cec13bdf53a67b21257bddf'  # test case 2 of the GCM submission
    for size in (16, 32):
        for n in (0, 13, 100):
            key, iv = bytes(range(size)), bytes(range(200, 216))
            print('gcm', size, n, *(x.hex() for x in gcm_seal(key, iv, bytes(range(n)))))
    # The counter is of 32 bits and wraps around without a carry, §6.2.
    key = bytes(range(16))
    iv = nonce_for(key, bytes(range(12)) + b'\xff\xff\xff\xfd')
    print('gcm wrap', iv.hex(), *(x.hex() for x in gcm_seal(key, iv, bytes(range(80)))))


# --- Curves ---------------------------------------------------------------------------------------

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
ORDER = 2**252 + 27742317777372353535851937790883648493
BASE_Y = 4 * pow(5, -1, P) % P


def root(n):
    r = pow(n, (P + 3) // 8, P)
    if (r * r - n) % P:
        r = r * pow(2, (P - 1) // 4, P) % P
    return r if (r * r - n) % P == 0 else None


def x_of(y, sign):
    x = root((y * y - 1) * pow(D * y * y + 1, -1, P) % P)
    return None if x is None else (P - x if x % 2 != sign else x)


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2
    return ((x1 * y2 + x2 * y1) * pow(1 + t, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - t, -1, P) % P)


def multiply(n, a):
    r = (0, 1)
    for bit in bin(n)[2:]:
        r = add(r, r)
        if bit == '1':
            r = add(r, a)
    return r


def edwards(point):
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, 'little').hex()


def montgomery(point):
    y = point[1]
    return ((1 + y) * pow(1 - y, -1, P) % P).to_bytes(32, 'little').hex()


def curve_rows():
    base = (x_of(BASE_Y, 0), BASE_Y)
    assert multiply(ORDER, base) == (0, 1)
    # Some point, and by it one of order 8: what the base point's subgroup leaves of it.
    y = next(y for y in range(2, 100)
             if (x := x_of(y, 0)) is not None and multiply(4 * ORDER, (x, y)) != (0, 1))
    eighth = multiply(ORDER, (x_of(y, 0), y))
    for i in range(8):
        point = multiply(i, eighth)
        print('small order', i, edwards(point), '-' if point == (0, 1) else montgomery(point))
    for i in range(1, 8):
        mixed = add(multiply(123456789, base), multiply(i, eighth))
        print('mixed order', i, edwards(mixed), montgomery(mixed))
    for u in range(2, 30):
        if root((u**3 + 486662 * u * u + u) % P) is None:
            print('twist', u)
            break
    for y in range(2, 30):
        if x_of(y, 0) is None:
            print('no point', y)
            break


if __name__ == '__main__':
    argon2_rows()
    xchacha_rows()
    gcm_rows()
    curve_rows()

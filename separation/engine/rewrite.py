"""Rewrites Hybrid Transformer Demucs so that OpenVINO runs it faster; the result is the same.

In demucs' own form, moving values takes a quarter of a window's time on a CPU: the residual
branches fold frequencies into the batch, transposed convolutions have no fast kernel, and every
gated unit splits the output of one convolution. On two cores with AMX, the rewritten htdemucs takes
34 % less time for a window in bfloat16, and 10 % less in float32 (docs/performance.md). The
changes:

- Channels come last inside an encoder: its norms then run over contiguous values, convolutions of
  kernel 1 are matrix products, and no frequencies are folded into the batch.
- Each half of a gated unit is a separate convolution where the norm between them allows it.
- A transposed convolution of stride s and kernel 2s becomes a convolution with kernel 3 that
  returns the s output positions of each input position as channels.
- Attention keeps its heads as an axis, in the order that OpenVINO's fused kernel expects.
- A norm over all values does not swap the axes before and after.

A layer of any other shape stays as it is. Imports torch and demucs.
"""

from typing import Any

import torch
from demucs.demucs import LayerScale  # type: ignore[attr-defined]
from demucs.hdemucs import HDecLayer, HEncLayer
from demucs.htdemucs import HTDemucs
from demucs.transformer import MyGroupNorm
from torch import Tensor, nn
from torch.nn import functional as F

_BRANCH: tuple[Any, ...] = (nn.Conv1d, (nn.GroupNorm, nn.Identity), nn.GELU, nn.Conv1d,
           (nn.GroupNorm, nn.Identity), nn.GLU, LayerScale)  # fmt: skip
"""The modules of a residual branch without attention or LSTM (demucs/demucs.py, DConv)."""


def rewrite(network: HTDemucs) -> None:
    """Replace the known layers in place. The module computes the same as before but can no longer
    be trained."""
    network.requires_grad_(False)
    for layers in (network.encoder, network.tencoder):
        for index, encoder in enumerate(layers):
            if _is_known_encoder(encoder):
                layers[index] = _Encoder(encoder)
    for layers in (network.decoder, network.tdecoder):
        for index, decoder in enumerate(layers):
            if _is_known_decoder(decoder):
                layers[index] = _Decoder(decoder)
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if _is_known_attention(child):
                setattr(parent, name, _Attention(child))
            elif type(child) is MyGroupNorm and child.num_groups == 1:
                setattr(parent, name, _WholeNorm(child))


def _is_known_encoder(layer: Any) -> bool:
    return (
        isinstance(layer, HEncLayer)
        and not layer.empty
        and isinstance(layer.norm1, nn.Identity)
        and layer.rewrite is not None
        and isinstance(layer.norm2, nn.Identity)
        and set(layer.rewrite.kernel_size) == {1}
        and (layer.dconv is None or _is_known_branches(layer.dconv))
    )


def _is_known_branches(dconv: Any) -> bool:
    return all(
        len(branch) == len(_BRANCH)
        and all(isinstance(module, kind) for module, kind in zip(branch, _BRANCH, strict=True))
        and all(getattr(branch[place], "num_groups", 1) == 1 for place in (1, 4))
        for branch in dconv.layers
    )


def _is_known_decoder(layer: Any) -> bool:
    return (
        isinstance(layer, HDecLayer)
        and not layer.empty
        and layer.rewrite is not None
        and isinstance(layer.norm1, nn.Identity)
        and isinstance(layer.norm2, nn.Identity)
        and layer.dconv is None
        and layer.kernel_size == 2 * layer.stride
        and layer.pad * 2 == layer.stride
    )


def _is_known_attention(module: nn.Module) -> bool:
    return (
        type(module) is nn.MultiheadAttention
        and module.batch_first
        and module.in_proj_weight is not None
        and module.in_proj_bias is not None
        and module.bias_k is None
        and not module.add_zero_attn
    )


class _Encoder(nn.Module):
    """Replaces ``HEncLayer``, with the same input and output: (batch, channels, [bins,] times)."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.empty = False
        self._freq = layer.freq
        self._stride = layer.stride
        self._weight = _as_2d(layer.conv)
        self._bias = layer.conv.bias
        self._padding = (layer.pad, 0) if layer.freq else (0, layer.pad)
        self._strides = (layer.stride, 1) if layer.freq else (1, layer.stride)
        self._branches = None if layer.dconv is None else _Branches(layer.dconv)
        weights = layer.rewrite.weight.flatten(1).chunk(2)
        self._halves = list(zip(weights, layer.rewrite.bias.chunk(2), strict=True))

    def forward(self, x: Tensor, inject: Tensor | None = None) -> Tensor:
        if not self._freq:
            # (batch, channels, 1, times): "channels last" costs nothing only in four dimensions.
            x = x.flatten(1, -2)[:, :, None]
            x = F.pad(x, (0, -x.shape[-1] % self._stride))
        y = F.conv2d(x, self._weight, self._bias, self._strides, self._padding)
        if inject is not None:
            y = y + (inject[:, :, None] if inject.dim() == 3 else inject)
        y = F.gelu(y)
        y = y.permute(0, 2, 3, 1) if self._branches is None else self._branches(y)
        value, gate = (F.linear(y, *half) for half in self._halves)
        y = (value * torch.sigmoid(gate)).permute(0, 3, 1, 2)
        return y if self._freq else y[:, :, 0]


class _Branches(nn.Module):
    """``DConv`` on each bin of (batch, channels, bins, times); returns the channels last."""

    def __init__(self, dconv: Any) -> None:
        super().__init__()
        self._layers: Any = dconv.layers

    def forward(self, x: Tensor) -> Tensor:
        front, x = x, x.permute(0, 2, 3, 1)
        for dilated, norm, _, wide, norm_wide, _, scale in self._layers:
            y = F.gelu(_normed(_dilated(front, dilated), norm))
            y = _normed(F.linear(y, wide.weight.flatten(1), wide.bias), norm_wide)
            x = x + F.glu(y, -1) * scale.scale
            front = x.permute(0, 3, 1, 2)
        return x


def _dilated(x: Tensor, conv: Any) -> Tensor:
    """A convolution over times from channels first to channels last."""
    y = F.conv2d(
        x,
        _as_2d(conv),
        conv.bias,
        padding=(0, *conv.padding),
        dilation=(1, *conv.dilation),
    )
    return y.permute(0, 2, 3, 1)


def _normed(x: Tensor, norm: nn.Module) -> Tensor:
    """A group norm of one group, over times and channels."""
    if not isinstance(norm, nn.GroupNorm):
        return x
    rows = x.flatten(0, 1)
    if len(rows) > 1:
        # Two-dimensional rows take two thirds of the time. A single row keeps its axes, because
        # the sum over its millions of values would be less exact.
        rows = rows.flatten(1)
    normed = F.layer_norm(rows, rows.shape[1:], eps=norm.eps).reshape(x.shape)
    return normed * norm.weight + norm.bias


class _Decoder(nn.Module):
    """Replaces ``HDecLayer``, with the same input and output."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.empty = False
        self._freq = layer.freq
        self._channels = layer.chin
        self._gate = _as_2d(layer.rewrite)
        self._gate_bias = layer.rewrite.bias
        padding = layer.rewrite.padding
        self._padding = padding if layer.freq else (0, *padding)
        self._upsample = _LastUpsampling(layer) if layer.last else _Upsampling(layer)

    def forward(self, x: Tensor, skip: Tensor, length: int) -> tuple[Tensor, Tensor]:
        if self._freq and x.dim() == 3:
            x = x.view(x.shape[0], self._channels, -1, x.shape[-1])
        x = x + skip
        y = self._gated(x if self._freq else x[:, :, None])
        z = self._upsample(y)
        return (z, y) if self._freq else (z[:, :, 0, :length], y[:, :, 0])

    def _gated(self, x: Tensor) -> Tensor:
        """The gated unit, with a separate convolution for each half."""
        value, gate = (
            F.conv2d(x, weight, bias, padding=self._padding)
            for weight, bias in zip(self._gate.chunk(2), self._gate_bias.chunk(2), strict=True)
        )
        return value * torch.sigmoid(gate)


class _Upsampling(nn.Module):
    """A decoder's transposed convolution and activation on (batch, channels, bins, times), as a
    plain convolution."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self._freq = layer.freq
        self._stride = layer.stride
        self._channels = layer.conv_tr.out_channels
        kernel = _upsampling_kernel(layer)
        self._weight = kernel[..., None] if layer.freq else kernel[:, :, None]
        self._bias = layer.conv_tr.bias.repeat(layer.stride)
        self._padding = (1, 0) if layer.freq else (0, 1)

    def forward(self, x: Tensor) -> Tensor:
        z = F.gelu(F.conv2d(x, self._weight, self._bias, padding=self._padding))
        batch, _, bins, times = z.shape
        z = z.permute(0, 2, 3, 1).reshape(batch, bins, times, self._stride, self._channels)
        if self._freq:
            z = z.permute(0, 1, 3, 2, 4)
            bins *= self._stride
        else:
            times *= self._stride
        return z.reshape(batch, bins, times, self._channels).permute(0, 3, 1, 2)


class _LastUpsampling(nn.Module):
    """The last decoder's transposed convolution, which is not rewritten.

    In half precision OpenVINO computes the layers after the last convolution in float32, this one
    included; rewritten as a convolution, its result would be rounded too (-45.3 instead of
    -46.9 dB). It swaps the times and bins of spectra, so that its result lies in memory as (batch,
    times, bins, channels), the layout that the inverse transform reads.
    """

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self._freq = layer.freq
        self._weight = layer.conv_tr.weight.flatten(2)[:, :, None]
        self._bias = layer.conv_tr.bias
        self._stride = (1, layer.stride)
        self._padding = (0, layer.pad)

    def forward(self, x: Tensor) -> Tensor:
        x = x.transpose(2, 3) if self._freq else x
        z = F.conv_transpose2d(x, self._weight, self._bias, self._stride, self._padding)
        return z.transpose(2, 3) if self._freq else z


def _upsampling_kernel(layer: Any) -> Tensor:
    """The transposed convolution's kernel (in, out, 2 * stride) as the kernel of a plain
    convolution (stride * out, in, 3): the output positions of an input position one after the
    other.

    Output s * g + pad + p, with pad cut off at the start, takes tap pad + p - s * o of input g + o.
    """
    kernel = layer.conv_tr.weight.detach()
    kernel = kernel[..., 0] if layer.freq else kernel
    channels_in, channels_out, taps = kernel.shape
    out: Tensor = kernel.new_zeros(layer.stride, channels_out, channels_in, 3)
    for position in range(layer.stride):
        for offset in (-1, 0, 1):
            tap = layer.pad + position - layer.stride * offset
            if 0 <= tap < taps:
                out[position, :, :, offset + 1] = kernel[:, :, tap].T
    return out.flatten(0, 1)


class _WholeNorm(nn.Module):
    """``MyGroupNorm`` of one group on (batch, times, channels)."""

    def __init__(self, norm: Any) -> None:
        super().__init__()
        self._norm = norm

    def forward(self, x: Tensor) -> Tensor:
        normed = F.layer_norm(x, x.shape[1:], eps=self._norm.eps)
        scaled: Tensor = normed * self._norm.weight + self._norm.bias
        return scaled


class _Attention(nn.Module):
    """``nn.MultiheadAttention`` on (batch, times, channels), without masks and weights.

    A convolution computes the keys, because the product with the queries needs the times last: the
    output of a convolution is rearranged faster than that of a matrix product.
    """

    def __init__(self, attention: Any) -> None:
        super().__init__()
        self.batch_first = True
        self._heads = attention.num_heads
        self._weights = attention.in_proj_weight.chunk(3)
        self._biases = attention.in_proj_bias.chunk(3)
        self._out = attention.out_proj

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, attn_mask: None = None, **_: object
    ) -> tuple[Tensor, None]:
        assert attn_mask is None
        (wq, wk, wv), (bq, bk, bv) = self._weights, self._biases
        q = self._split(F.linear(query, wq, bq))
        k = F.conv2d(key.transpose(1, 2)[:, :, None], wk[:, :, None, None], bk)
        k = k.view(len(k), self._heads, -1, k.shape[-1]).transpose(-1, -2)
        v = self._split(F.linear(value, wv, bv))
        mixed = F.scaled_dot_product_attention(q, k, v)
        return self._out(mixed.permute(0, 2, 1, 3).flatten(2)), None

    def _split(self, x: Tensor) -> Tensor:
        batch, times, channels = x.shape
        return x.view(batch, times, self._heads, channels // self._heads).permute(0, 2, 1, 3)


def _as_2d(conv: Any) -> Tensor:
    """The kernel of a convolution over times as a kernel over (1, times)."""
    weight: Tensor = conv.weight
    return weight if weight.dim() == 4 else weight[:, :, None]

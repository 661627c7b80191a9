"""Attention in two parts equals attention over all keys at once."""

from types import SimpleNamespace

import pytest
import torch
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from harness.models.transformers.attention import PREFIX, attend


@pytest.mark.parametrize("kind", ["none", "added", "seen"])
@pytest.mark.parametrize("scaling", [None, 0.3])
def test_a_step_over_a_shared_prefix_equals_one_over_copies(kind: str, scaling: float | None) -> None:
    generator = torch.Generator().manual_seed(3)
    n_rows, heads, group, shared, own, dim = 5, 2, 3, 11, 4, 8
    query = torch.randn(n_rows, heads * group, 1, dim, generator=generator)
    prefix = [torch.randn(1, heads, shared, dim, generator=generator) for _ in range(2)]
    rest = [torch.randn(n_rows, heads, own, dim, generator=generator) for _ in range(2)]
    key, value = (
        torch.cat([a.expand(n_rows, -1, -1, -1), b], dim=2) for a, b in zip(prefix, rest, strict=True)
    )
    seen = torch.ones(n_rows, 1, 1, shared + own, dtype=torch.bool)
    seen[1, ..., shared : shared + 2] = False
    added = torch.zeros(seen.shape).masked_fill(~seen, torch.finfo(torch.float32).min)
    mask = {"none": None, "added": added, "seen": seen}[kind]
    layer = SimpleNamespace(num_key_value_groups=group)
    expected, _ = sdpa_attention_forward(layer, query, key, value, mask, scaling=scaling)
    setattr(key, PREFIX, tuple(prefix))
    found, _ = attend(layer, query, key, value, mask, scaling=scaling)
    torch.testing.assert_close(found, expected)
    value[:, :, :shared] = torch.nan  # the copies are not looked at
    again, _ = attend(layer, query, key, value, mask, scaling=scaling)
    assert torch.equal(again, found)


def test_the_mask_is_taken_by_its_name_and_what_bears_on_scores_is_left_to_sdpa() -> None:
    generator = torch.Generator().manual_seed(4)
    query, key, value = (torch.randn(3, 2, n, d, generator=generator) for n, d in ((1, 8), (9, 8), (9, 6)))
    layer = SimpleNamespace(num_key_value_groups=1)
    mask = torch.zeros(3, 1, 1, 9)
    mask[1, ..., 6] = torch.finfo(torch.float32).min
    key[:], value[:] = key[:1], value[:1]  # all rows begin alike
    setattr(key, PREFIX, (key[:1, :, :5], value[:1, :, :5]))
    for bias in (None, torch.randn(3, 2, 1, 9, generator=generator)):
        expected, _ = sdpa_attention_forward(layer, query, key, value, mask, position_bias=bias)
        found, _ = attend(layer, query, key, value, attention_mask=mask, position_bias=bias)
        torch.testing.assert_close(found, expected)
        assert found.is_contiguous()
    by_head = mask + torch.randn(3, 2, 1, 9, generator=generator)
    expected, _ = sdpa_attention_forward(layer, query, key, value, by_head)
    torch.testing.assert_close(attend(layer, query, key, value, attention_mask=by_head)[0], expected)

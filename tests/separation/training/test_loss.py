import torch

from separation.training.loss import mask_loss


def _case(vocals: float = 1.0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Stems that sound in bins of their own, so that right masks are all ones and zeros."""
    generator = torch.Generator().manual_seed(1)
    stems = torch.zeros(2, 4, 2, 2, 6, 8)
    masks = torch.zeros(2, 4, 2, 6, 8)
    for k in range(4):
        gain = vocals if k == 3 else 1.0
        shape = stems[:, k, ..., 2 * k : 2 * k + 2].shape
        stems[:, k, ..., 2 * k : 2 * k + 2] = gain * torch.randn(shape, generator=generator)
        masks[:, k, ..., 2 * k : 2 * k + 2] = 1.0
    return masks, stems.sum(dim=1), stems


def test_right_masks_lose_less_than_equal_shares() -> None:
    masks, mixture, stems = _case()
    assert mask_loss(masks, mixture, stems) < mask_loss(
        torch.full_like(masks, 0.25), mixture, stems
    )


def test_a_quiet_stem_that_is_missed_costs_three_times_its_share_of_the_energy() -> None:
    def cost_of_missing(level: float) -> float:
        masks, mixture, stems = _case(vocals=level)
        missed = masks.clone()
        missed[:, 3] = 0.0
        return float(mask_loss(missed, mixture, stems) - mask_loss(masks, mixture, stems))

    # At a tenth of the level it has a hundredth of the energy.
    assert cost_of_missing(0.1) > 0.03 * cost_of_missing(1.0)


def test_a_silent_mixture_gives_a_finite_loss_and_gradient() -> None:
    masks = torch.full((1, 4, 2, 6, 8), 0.25, requires_grad=True)
    silence = torch.zeros(1, 2, 2, 6, 8)
    loss = mask_loss(masks, silence, torch.zeros(1, 4, 2, 2, 6, 8))
    loss.backward()
    assert torch.isfinite(loss)
    assert masks.grad is not None and bool(torch.isfinite(masks.grad).all())


def test_a_trace_of_an_absent_stem_costs_less_than_missing_a_present_one() -> None:
    masks, mixture, stems = _case()
    missed = masks.clone()
    missed[:, 3] = 0.0
    cost_of_missing = float(mask_loss(missed, mixture, stems) - mask_loss(masks, mixture, stems))
    masks, mixture, stems = _case(vocals=0.0)
    traced = masks + torch.tensor([0.0, 0.0, 0.0, 0.1])[None, :, None, None, None]
    cost_of_trace = float(mask_loss(traced, mixture, stems) - mask_loss(masks, mixture, stems))
    assert cost_of_trace < cost_of_missing


def test_where_a_stem_is_unsure_its_mean_is_best_and_not_its_median() -> None:
    """A stem that has all of a bin in two of five frames, and nobody can tell which."""
    present = torch.zeros(1, 4, 2, 2, 5, 8)
    present[:, 3, :, 0, :2] = 1.0
    present[:, 0, :, 0, 2:] = 1.0
    mixture = present.sum(dim=1)

    def cost(share: float) -> float:
        masks = torch.zeros(1, 4, 2, 5, 8)
        masks[:, 3], masks[:, 0] = share, 1 - share
        return float(mask_loss(masks, mixture, present))

    assert cost(0.4) < cost(0.0)
    assert cost(0.4) < cost(1.0)


def test_a_stem_that_may_be_absent_is_not_left_out() -> None:
    """Half of a sound is vocals in one of two mixtures, and nobody can tell in which."""
    stems = torch.zeros(2, 4, 2, 2, 5, 8)
    stems[0, 3, :, 0] = stems[0, 2, :, 0] = 0.5
    stems[1, 2, :, 0] = 1.0
    mixture = stems.sum(dim=1)

    def cost(share: float) -> float:
        masks = torch.zeros(2, 4, 2, 5, 8)
        masks[:, 3], masks[:, 2] = share, 1 - share
        return float(mask_loss(masks, mixture, stems))

    assert cost(0.2) < cost(0.0)

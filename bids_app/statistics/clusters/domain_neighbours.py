"""Which kind of neighbours the places of a domain have."""

from __future__ import annotations

from bids_app.statistics.clusters.adjacency import adjacency, product
from bids_app.statistics.clusters.edge_graph import edge_graph
from bids_app.statistics.clusters.lattice import lattice
from bids_app.statistics.clusters.neighbours import Neighbours
from bids_app.vocabulary.domain import Domain, Sensors, Sites, Voxels


def neighbours_of(domain: Domain, connectivity: int = 26, tfce_connectivity: int = 6) -> Neighbours:
    """Return who joins whom among the places of a domain.

    Parameters
    ----------
    connectivity, tfce_connectivity : {6, 18, 26}
        Of voxels, in clusters and in TFCE.

    Raises
    ------
    TypeError
        If nothing is known of such a domain.
    """
    if isinstance(domain, Voxels):
        return lattice(domain.mask, connectivity, tfce_connectivity)
    if isinstance(domain, Sensors):
        return product(domain.shape, domain.near, domain.places)
    if isinstance(domain, Sites):
        return edge_graph(domain.ends) if domain.ends else adjacency(domain.size, (), unit=domain.unit)
    raise TypeError(f"It is not known who neighbours whom among {domain.describe()}.")

"""An outcome predicted from maps before treatment."""

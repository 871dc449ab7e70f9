"""The pool `ray`: the requests of a role run on replicas of Ray Serve, on many machines."""

"""A Dynamo worker that registers twice: two instances of the mocker in one process, behind one address."""

import sys

from dynamo.mocker.main import main

if __name__ == "__main__":
    sys.argv = ["--model-name" if one == "--served-model-name" else one for one in sys.argv]
    sys.argv += ["--num-workers", "2"]
    main()

"""The provider `sandbox`: a real adapter that delivers into a local file, so nothing leaves the machine."""
